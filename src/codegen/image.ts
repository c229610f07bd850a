/**
 * The last step of the compiler: Program → bytes.
 * @module
 */
import type { Program, ProgramShape } from "../ir/program.ts";
import type { Arch } from "../linux/syscalls.ts";
import { backend as arm64 } from "./arm64/lower.ts";
import { Assembler } from "./assembler.ts";
import type { Backend } from "./backend.ts";
import { ELF_HEADER_BYTES, encodeElf } from "./elf.ts";
import { lower } from "./lower.ts";
import { ADDRESSES } from "./writable.ts";
import { backend as x64 } from "./x64/lower.ts";

/** The address of the first instruction. */
const ORIGINS: Readonly<Record<ProgramShape, number>> = {
  image: ADDRESSES.image.code + ELF_HEADER_BYTES,
  routine: 0,
  front: ADDRESSES.front.code,
};

const BACKENDS: Readonly<Record<Arch, Backend>> = { x64, arm64 };

/**
 * Compiles a program for an architecture: an image to the bytes of an ELF executable, a routine to bare code that is called as
 * `routine(block)`, a front to the code and data of a segment at its address.
 */
export function assemble(program: Program, arch: Arch): Uint8Array {
  const backend = BACKENDS[arch];
  const out = new Assembler();
  const { shape } = program;
  const writable = lower(program, backend, out, ORIGINS[shape]);
  if (shape !== "image") return out.bytes.slice(0, out.size);
  return encodeElf({
    machine: backend.machine,
    pageBytes: backend.pageBytes,
    baseAddress: ADDRESSES.image.code,
    body: out.bytes.subarray(0, out.size),
    writable: { address: ADDRESSES.image.writable, sizeBytes: writable.sizeBytes },
  });
}
