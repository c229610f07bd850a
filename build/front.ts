/**
 * Puts the front (src/launcher/front/program.ts) in front of a compiled binary: its code and data become one more segment at the end of the
 * file, and the entry point of the binary.
 *
 * There is no room for another program header. PT_NOTE's is taken: it tells debuggers the build id, and nothing needs it to run.
 * @module
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { assemble } from "../src/codegen/image.ts";
import { ADDRESSES } from "../src/codegen/writable.ts";
import { frontProgram } from "../src/launcher/front/program.ts";
import { monitorProgram } from "../src/launcher/monitor.ts";
import type { Arch } from "../src/linux/syscalls.ts";

const ET_EXEC = 2;
const PT_LOAD = 1;
const PT_NOTE = 4;
const PF_READ_EXECUTE = 5;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MACHINES: Readonly<Record<number, Arch>> = { 62: "x64", 183: "arm64" };
/** Largest page of any architecture: offsets and addresses of segments are the same modulo that. */
const PAGE_BYTES = 0x10000;

const read = (fd: number, offset: number, sizeBytes: number): DataView => {
  const bytes = new Uint8Array(sizeBytes);
  if (readSync(fd, bytes, 0, sizeBytes, offset) !== sizeBytes) throw new Error("the binary is cut short");
  return new DataView(bytes.buffer);
};

const writeAll = (fd: number, bytes: Uint8Array, offset: number): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
};

interface Segment {
  readonly at: number;
  readonly type: number;
  readonly end: bigint;
}

const segmentsOf = (fd: number, header: DataView): readonly Segment[] => {
  const [offset, count] = [Number(header.getBigUint64(32, true)), header.getUint16(56, true)];
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * PROGRAM_HEADER_BYTES;
    const segment = read(fd, at, PROGRAM_HEADER_BYTES);
    return {
      at,
      type: segment.getUint32(0, true),
      end: segment.getBigUint64(16, true) + segment.getBigUint64(40, true),
    };
  });
};

const archOf = (header: DataView): Arch => {
  const arch = MACHINES[header.getUint16(18, true)];
  if (header.getUint32(0) !== 0x7f454c46 || header.getUint16(16, true) !== ET_EXEC || arch === undefined)
    throw new Error("not an executable with fixed addresses, for x64 or arm64");
  return arch;
};

/** `Elf64_Phdr` of a segment that is executed and read. */
const programHeader = (offset: number, sizeBytes: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(PROGRAM_HEADER_BYTES));
  view.setUint32(0, PT_LOAD, true);
  view.setUint32(4, PF_READ_EXECUTE, true);
  const words = [offset, ADDRESSES.front.code, ADDRESSES.front.code, sizeBytes, sizeBytes, PAGE_BYTES];
  for (const [index, word] of words.entries()) view.setBigUint64(8 + 8 * index, BigInt(word), true);
  return new Uint8Array(view.buffer);
};

const entryPoint = (address: number): Uint8Array => new Uint8Array(new BigUint64Array([BigInt(address)]).buffer);

/** The order of writes leaves a binary that works, with or without a front, wherever it is cut off. */
const attach = (fd: number): void => {
  const header = read(fd, 0, HEADER_BYTES);
  const arch = archOf(header);
  const segments = segmentsOf(fd, header);
  const note = segments.find(({ type }) => type === PT_NOTE);
  if (note === undefined) throw new Error("the binary has no PT_NOTE, or has a front already");
  if (segments.some(({ type, end }) => type === PT_LOAD && end > BigInt(ADDRESSES.front.writable)))
    throw new Error("the binary has grown into the addresses of the front");
  const code = assemble(
    frontProgram({ arch, resumeAt: Number(header.getBigUint64(24, true)), monitor: assemble(monitorProgram(), arch) }),
    arch,
  );
  const offset = Math.ceil(fstatSync(fd).size / PAGE_BYTES) * PAGE_BYTES;
  writeAll(fd, code, offset);
  writeAll(fd, programHeader(offset, code.length), note.at);
  writeAll(fd, entryPoint(ADDRESSES.front.code), 24);
};

export const attachFront = (file: string): void => {
  const fd = openSync(file, "r+");
  try {
    attach(fd);
  } catch (error) {
    throw new Error(`${file}: no front: ${(error as Error).message}`, { cause: error });
  } finally {
    closeSync(fd);
  }
};
