/**
 * The registers of arm64 and their duties.
 * @module
 */
import type { RegisterRoles } from "../backend.ts";

/**
 * By name. Number 31 is `sp` where an instruction reads it as a base or an immediate's operand, and `xzr` elsewhere. Arm ARM, C1.2.5.
 */
export const REGISTERS = {
  x0: 0,
  x1: 1,
  x2: 2,
  x3: 3,
  x4: 4,
  x5: 5,
  x6: 6,
  x7: 7,
  x8: 8,
  x9: 9,
  x10: 10,
  x11: 11,
  x12: 12,
  x13: 13,
  x14: 14,
  x15: 15,
  x16: 16,
  x17: 17,
  x18: 18,
  x19: 19,
  x20: 20,
  x21: 21,
  x22: 22,
  x23: 23,
  x24: 24,
  x25: 25,
  x26: 26,
  x27: 27,
  x28: 28,
  x29: 29,
  x30: 30,
  xzr: 31,
} as const;

/** The number of a register. */
export type Register = (typeof REGISTERS)[keyof typeof REGISTERS];

const { x0, x1, x2, x3, x4, x5, x8, x9, x10, x11, x19, x20, xzr } = REGISTERS;

/** The calling convention of syscall(2). The kernel leaves all registers alone but x0. */
export const ROLES = {
  number: x8,
  result: x0,
  arguments: [x0, x1, x2, x3, x4, x5],
  clobbered: [x0],
  base: x19,
  zero: xzr,
  counter: x20,
  left: x9,
  right: x10,
  scratch: [x9, x10, x11],
} as const satisfies RegisterRoles<Register>;
