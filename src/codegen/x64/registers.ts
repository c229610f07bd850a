/**
 * The registers of x86-64 and their duties.
 * @module
 */
import type { RegisterRoles } from "../backend.ts";

/** In the order of their numbers. Intel SDM volume 2, table 2-2. */
export const REGISTERS = [
  "rax",
  "rcx",
  "rdx",
  "rbx",
  "rsp",
  "rbp",
  "rsi",
  "rdi",
  "r8",
  "r9",
  "r10",
  "r11",
  "r12",
  "r13",
  "r14",
  "r15",
] as const;

export type Register = (typeof REGISTERS)[number];

const NUMBERS = Object.fromEntries(REGISTERS.map((register, number) => [register, number])) as Record<Register, number>;

export function registerNumber(register: Register): number {
  return NUMBERS[register];
}

/** The calling convention of syscall(2). The kernel leaves all registers alone but rax, rcx and r11. */
export const ROLES = {
  number: "rax",
  result: "rax",
  arguments: ["rdi", "rsi", "rdx", "r10", "r8", "r9"],
  clobbered: ["rax", "rcx"],
  base: "rbx",
  zero: "rbp",
  counter: "rbp",
  left: "rax",
  right: "rcx",
  scratch: ["rax", "rcx", "rdx"],
} as const satisfies RegisterRoles<Register>;
