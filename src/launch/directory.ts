/**
 * What is in an open directory, as the kernel gives it: names are bytes.
 *
 * @see https://man7.org/linux/man-pages/man2/getdents.2.html
 * @module
 */
import { ptr } from "bun:ffi";
import { CallError, tryCall } from "./libc.ts";

export interface DirectoryBytes {
  readonly name: Uint8Array;
  /** `DT_*`: 0 where the file system does not say. */
  readonly type: number;
}

/** The type bits of a mode, shifted as inode(7) and `IFTODT` have them. */
export const typeBits = (type: number): number => type << 12;

const BUFFER_BYTES = 32 * 1024;
/** `struct linux_dirent64 { u64 d_ino; s64 d_off; u16 d_reclen; u8 d_type; char d_name[]; }`. */
const [RECLEN_OFFSET, TYPE_OFFSET, NAME_OFFSET] = [16, 18, 19] as const;

const DOT = 0x2e;
const isDots = (name: Uint8Array): boolean => name.length <= 2 && name.every((byte) => byte === DOT);

const parse = (bytes: Uint8Array): readonly DirectoryBytes[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: DirectoryBytes[] = [];
  for (let at = 0; at < bytes.length; at += view.getUint16(at + RECLEN_OFFSET, true)) {
    const start = at + NAME_OFFSET;
    const name = bytes.slice(start, bytes.indexOf(0, start));
    if (!isDots(name)) found.push({ name, type: view.getUint8(at + TYPE_OFFSET) });
  }
  return found;
};

/** Without `.` and `..`, in no order. `shown` is for an error. @throws CallError */
export const readDirectory = (fd: number, shown: string): readonly DirectoryBytes[] => {
  const buffer = new Uint8Array(BUFFER_BYTES);
  const all: DirectoryBytes[] = [];
  for (;;) {
    const count = tryCall("getdents64", fd, ptr(buffer), buffer.length);
    if (count < 0) throw new CallError(`getdents64(${JSON.stringify(shown)})`, -count);
    if (count === 0) return all;
    all.push(...parse(buffer.subarray(0, count)));
  }
};
