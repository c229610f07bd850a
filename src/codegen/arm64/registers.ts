/**
 * The registers of arm64 and their duties.
 * @module
 */
import type { RegisterRoles } from "../backend.ts";

/**
 * In the order of their numbers. Number 31 is `sp` where an instruction reads it as a base or an immediate's operand, and `xzr`
 * elsewhere. Arm ARM, C1.2.5.
 */
export const REGISTERS = [
  "x0",
  "x1",
  "x2",
  "x3",
  "x4",
  "x5",
  "x6",
  "x7",
  "x8",
  "x9",
  "x10",
  "x11",
  "x12",
  "x13",
  "x14",
  "x15",
  "x16",
  "x17",
  "x18",
  "x19",
  "x20",
  "x21",
  "x22",
  "x23",
  "x24",
  "x25",
  "x26",
  "x27",
  "x28",
  "x29",
  "x30",
  "xzr",
] as const;

export type Register = (typeof REGISTERS)[number];

const NUMBERS = Object.fromEntries(REGISTERS.map((register, number) => [register, number])) as Record<Register, number>;

export function registerNumber(register: Register): number {
  return NUMBERS[register];
}

/** The calling convention of syscall(2). The kernel leaves all registers alone but x0. */
export const ROLES = {
  number: "x8",
  result: "x0",
  arguments: ["x0", "x1", "x2", "x3", "x4", "x5"],
  clobbered: ["x0"],
  base: "x19",
  zero: "xzr",
  counter: "x20",
  left: "x9",
  right: "x10",
  scratch: ["x9", "x10", "x11"],
} as const satisfies RegisterRoles<Register>;
