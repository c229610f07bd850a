/**
 * The registers of x86-64 and their duties.
 * @module
 */
import type { RegisterRoles } from "../backend.ts";

/** By name. Intel SDM volume 2, table 2-2. */
export const REGISTERS = {
  rax: 0,
  rcx: 1,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
} as const;

/** The number of a register. */
export type Register = (typeof REGISTERS)[keyof typeof REGISTERS];

const { rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10 } = REGISTERS;

/** The calling convention of syscall(2). The kernel leaves all registers alone but rax, rcx and r11. */
export const ROLES = {
  number: rax,
  result: rax,
  arguments: [rdi, rsi, rdx, r10, r8, r9],
  clobbered: [rax, rcx],
  base: rbx,
  zero: rbp,
  counter: rbp,
  left: rax,
  right: rcx,
  scratch: [rax, rcx, rdx],
} as const satisfies RegisterRoles<Register>;
