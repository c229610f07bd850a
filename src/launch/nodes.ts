/**
 * Looks at what is in an open directory, by names that are bytes, and never through a link.
 *
 * For trees that a payload has made: every name is one component, opened with O_NOFOLLOW, and what was opened is looked at again.
 * @module
 */
import { ptr } from "bun:ffi";
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_NONBLOCK,
  OPEN_BITS,
  S_IFMT,
  S_IFREG,
} from "../linux/file.ts";
import { OwnedFd } from "./fd.ts";
import { arch, tryCall } from "./libc.ts";

export type Name = Uint8Array;

export interface Node {
  /** Type and permissions. */
  readonly mode: number;
  readonly sizeBytes: number;
  /** Major and minor number of a device. */
  readonly device: readonly [major: number, minor: number];
}

const STATX_BASIC = 0x7ff;
const { O_DIRECTORY, O_NOFOLLOW } = OPEN_BITS[arch];

export const ITSELF: Name = new Uint8Array(0);
/** To be opened once more: what was handed over may be a place only (O_PATH). */
export const DOT: Name = Uint8Array.of(0x2e);

const withNul = (name: Name): Uint8Array => Uint8Array.from([...name, 0]);

/** An empty name is the directory itself, whoever may search it. Undefined where there is nothing. */
export const lookAt = (directory: OwnedFd, name: Name): Node | undefined => {
  const [path, found] = [withNul(name), new DataView(new ArrayBuffer(256))];
  const bits = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  if (tryCall("statx", directory.number, ptr(path), bits, STATX_BASIC, ptr(found)) < 0) return undefined;
  return {
    mode: found.getUint16(28, true),
    sizeBytes: Number(found.getBigUint64(40, true)),
    device: [found.getUint32(128, true), found.getUint32(132, true)],
  };
};

const openWith = (directory: OwnedFd, name: Name, bits: number): OwnedFd | undefined => {
  const path = withNul(name);
  const fd = tryCall("openat", directory.number, ptr(path), bits | O_NOFOLLOW | O_CLOEXEC);
  return fd < 0 ? undefined : new OwnedFd(fd);
};

export const openDirectoryIn = (directory: OwnedFd, name: Name): OwnedFd | undefined =>
  openWith(directory, name, O_DIRECTORY);

const LINK_BYTES_MAX = 4096;

export const readLinkIn = (directory: OwnedFd, name: Name): Uint8Array => {
  const [path, target] = [withNul(name), new Uint8Array(LINK_BYTES_MAX)];
  const size = tryCall("readlinkat", directory.number, ptr(path), ptr(target), target.length);
  return target.subarray(0, Math.max(0, size));
};

const VALUE_BYTES_MAX = 64;

/** An extended attribute of an open file; empty where there is none. */
export const attributeOf = (fd: OwnedFd, name: string): string => {
  const [key, value] = [new TextEncoder().encode(`${name}\0`), new Uint8Array(VALUE_BYTES_MAX)];
  const size = tryCall("fgetxattr", fd.number, ptr(key), ptr(value), value.length);
  return new TextDecoder().decode(value.subarray(0, Math.max(0, size)));
};

/** No FIFO holds us, and what is opened is a regular file. */
const openFile = (directory: OwnedFd, name: Name): OwnedFd | undefined => {
  const fd = openWith(directory, name, O_NONBLOCK);
  const mode = fd && lookAt(fd, ITSELF)?.mode;
  if (mode !== undefined && (mode & S_IFMT) === S_IFREG) return fd;
  fd?.[Symbol.dispose]();
  return undefined;
};

const CHUNK_BYTES = 64 * 1024;

/** As much as a chunk has, or the rest of the file. */
const readChunk = (fd: OwnedFd, chunk: Uint8Array): Uint8Array | undefined => {
  let size = 0;
  while (size < chunk.length) {
    const rest = chunk.subarray(size);
    const count = tryCall("read", fd.number, ptr(rest), rest.length);
    if (count < 0) return undefined;
    if (count === 0) break;
    size += count;
  }
  return chunk.subarray(0, size);
};

/** Whether two regular files have the same contents. What cannot be read is not the same. */
export const haveSameContent = (one: OwnedFd, other: OwnedFd, name: Name): boolean => {
  using first = openFile(one, name);
  using second = openFile(other, name);
  if (!first || !second) return false;
  const chunks = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)] as const;
  for (;;) {
    const [left, right] = [readChunk(first, chunks[0]), readChunk(second, chunks[1])];
    if (!left || !right || Buffer.compare(left, right) !== 0) return false;
    if (left.length < CHUNK_BYTES) return true;
  }
};
