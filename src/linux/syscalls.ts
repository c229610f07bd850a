/**
 * System calls by name, for every architecture that programs are assembled for.
 * @module
 */
import { syscallsArm64 } from "./syscalls.arm64.ts";
import { syscallsX64 } from "./syscalls.x64.ts";

/** An architecture, in the words of `process.arch`. */
export type Arch = "x64" | "arm64";

/** A call that every architecture has: `openat`, not `open`. */
export type SyscallName = keyof typeof syscallsX64 & keyof typeof syscallsArm64;

const TABLES: Readonly<Record<Arch, Readonly<Record<SyscallName, number>>>> = {
  x64: syscallsX64,
  arm64: syscallsArm64,
};

/** The number that the kernel knows a call by. */
export function syscallNumber(name: SyscallName, arch: Arch): number {
  return TABLES[arch][name];
}
