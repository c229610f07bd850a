/**
 * The last step of the compiler: Program → bytes.
 * @module
 */
import type { Program } from "../ir/program.ts";
import type { Arch } from "../linux/syscalls.ts";
import { backend as arm64 } from "./arm64/lower.ts";
import { Assembler } from "./assembler.ts";
import type { Backend } from "./backend.ts";
import { ELF_HEADER_BYTES, encodeElf } from "./elf.ts";
import { lower } from "./lower.ts";
import { WRITABLE_BASE } from "./writable.ts";
import { backend as x64 } from "./x64/lower.ts";

/** Address of the first byte of an image: where linkers put static x86-64 executables. */
export const IMAGE_BASE = 0x400000;

const BACKENDS: Readonly<Record<Arch, Backend>> = { x64, arm64 };

/**
 * Compiles a program for an architecture: an image to the bytes of an ELF executable, a routine to bare code that is called as
 * `routine(block)`.
 */
export function assemble(program: Program, arch: Arch): Uint8Array {
  const backend = BACKENDS[arch];
  const out = new Assembler();
  const isRoutine = program.shape === "routine";
  const writable = lower(program, backend, out, isRoutine ? 0 : IMAGE_BASE + ELF_HEADER_BYTES);
  if (isRoutine) return out.bytes.slice(0, out.size);
  return encodeElf({
    machine: backend.machine,
    pageBytes: backend.pageBytes,
    baseAddress: IMAGE_BASE,
    body: out.bytes.subarray(0, out.size),
    writable: { address: WRITABLE_BASE, sizeBytes: writable.sizeBytes },
  });
}
