/**
 * x86-64 instructions as bytes: one function per instruction, and no choices. `lower.ts` chooses.
 *
 * Every comment is the instruction's line in the Intel SDM, volume 2. `test/codegen/x64/encode.test.ts` is the table of results.
 * @module
 */
import type { Comparison, Width } from "../../ir/op.ts";
import { type Code, type Form, wordBytes } from "../assembler.ts";
import type { Memory } from "../backend.ts";
import { REGISTERS, type Register, registerNumber } from "./registers.ts";

/** Opcodes of `op r/m64, r64`. */
const ALU = { add: 0x01, or: 0x09, and: 0x21, sub: 0x29, cmp: 0x39, test: 0x85, mov: 0x89 } as const;

/** The condition in the low four bits of `Jcc`. SDM volume 1, appendix B. */
const CONDITIONS = {
  equal: 0x4,
  notEqual: 0x5,
  negative: 0x8,
  less: 0xc,
  greaterOrEqual: 0xd,
  lessOrEqual: 0xe,
  greater: 0xf,
} as const satisfies Record<Comparison | "negative", number>;

export type Condition = keyof typeof CONDITIONS;

interface Load {
  /** One byte, or two that begin with 0F. */
  readonly opcode: number;
  readonly wide: boolean;
}

/** `movzx r32, r/m8|16`, `mov r32, r/m32`, `mov r64, r/m64`: all of them clear the rest of the register. */
const ZERO_EXTENDING_LOADS: Readonly<Record<Width, Load>> = {
  1: { opcode: 0x0fb6, wide: false },
  2: { opcode: 0x0fb7, wide: false },
  4: { opcode: 0x8b, wide: false },
  8: { opcode: 0x8b, wide: true },
};

/** `movsx r64, r/m8|16`, `movsxd r64, r/m32`, `mov r64, r/m64`. */
const SIGN_EXTENDING_LOADS: Readonly<Record<Width, Load>> = {
  1: { opcode: 0x0fbe, wide: true },
  2: { opcode: 0x0fbf, wide: true },
  4: { opcode: 0x63, wide: true },
  8: { opcode: 0x8b, wide: true },
};

/** `mov r32, imm32`: B8+rd id. Clears the upper half of the register. */
export function movImm32(into: Register, value: number): Code {
  const number = registerNumber(into);
  return appendInt32(opcodeOf(0xb8 | (number & 7), 0, number, false), value);
}

/** `mov r/m64, imm32` (sign-extended): REX.W C7 /0 id. */
export function movSignedImm32(into: Register, value: number): Code {
  return appendInt32(registerForm(0xc7, 0, registerNumber(into), true), value);
}

/** `mov r64, imm64`: REX.W B8+rd io. */
export function movImm64(into: Register, value: number | bigint): Code {
  const number = registerNumber(into);
  return [...opcodeOf(0xb8 | (number & 7), 0, number, true), ...wordBytes(value)];
}

/** `xor r/m32, r32` of a register with itself: 31 /r. Zero in two or three bytes. */
export function clear(register: Register): Code {
  const number = registerNumber(register);
  return registerForm(0x31, number, number, false);
}

/** `add|or|and|sub|cmp|test|mov r/m64, r64`: REX.W op /r. */
export function alu(operation: keyof typeof ALU, left: Register, right: Register): Code {
  return registerForm(ALU[operation], registerNumber(right), registerNumber(left), true);
}

/** `cmp r/m64, imm8` or `imm32` (sign-extended): REX.W 83 /7 ib, REX.W 81 /7 id. */
export function cmpImmediate(left: Register, value: number): Code {
  return immediateForm(7, left, value, true);
}

/** `add r/m32, imm8` or `imm32`: 83 /0 ib, 81 /0 id. */
export function addImmediate32(into: Register, value: number): Code {
  return immediateForm(0, into, value, false);
}

/** `inc r/m32`: FF /0. */
export function inc32(register: Register): Code {
  return registerForm(0xff, 0, registerNumber(register), false);
}

/** `neg r/m64`: REX.W F7 /3. */
export function neg(register: Register): Code {
  return registerForm(0xf7, 3, registerNumber(register), true);
}

/** `div r/m64`: REX.W F7 /6. rdx:rax divided by the operand; quotient in rax, remainder in rdx. */
export function div(divisor: Register): Code {
  return registerForm(0xf7, 6, registerNumber(divisor), true);
}

/** `shl r/m64, cl`: REX.W D3 /4. `shr r/m64, cl`: REX.W D3 /5. */
export function shiftByCl(direction: "left" | "right", register: Register): Code {
  return registerForm(0xd3, direction === "left" ? 4 : 5, registerNumber(register), true);
}

/** `lea r64, m`: REX.W 8D /r. */
export function lea(into: Register, { base, displacement }: Memory<Register>): Code {
  return memoryForm(0x8d, registerNumber(into), base, displacement, true);
}

/** `lea r32, m`: 8D /r. Clears the upper half of the register. */
export function lea32(into: Register, { base, displacement }: Memory<Register>): Code {
  return memoryForm(0x8d, registerNumber(into), base, displacement, false);
}

/** A load that fills the whole register: see the two tables above. */
export function load(into: Register, { base, displacement }: Memory<Register>, width: Width, signed: boolean): Code {
  const { opcode, wide } = (signed ? SIGN_EXTENDING_LOADS : ZERO_EXTENDING_LOADS)[width];
  return memoryForm(opcode, registerNumber(into), base, displacement, wide);
}

/** `mov r/m8, r8`: 88 /r. `mov r/m16|32|64, r`: 89 /r, with prefix 66 for 16 bits and REX.W for 64. */
export function store(value: Register, { base, displacement }: Memory<Register>, width: Width): Code {
  const opcode = width === 1 ? 0x88 : 0x89;
  // Without a REX prefix, byte registers 4 to 7 are ah, ch, dh and bh.
  const needsRex = width === 1 && registerNumber(value) >= 4;
  const code = memoryForm(opcode, registerNumber(value), base, displacement, width === 8, needsRex);
  return width === 2 ? [0x66, ...code] : code;
}

/** `syscall`: 0F 05. */
export function syscall(): Code {
  return [0x0f, 0x05];
}

/** `jmp rel8`: EB cb. Displacements count from the end of the instruction. */
export function jmp8(displacement: number): Code {
  return [0xeb, displacement & 0xff];
}

/** `jmp rel32`: E9 cd. */
export function jmp32(displacement: number): Code {
  return appendInt32([0xe9], displacement);
}

/** `jcc rel8`: 70+cc cb. */
export function jcc8(condition: Condition, displacement: number): Code {
  return [0x70 | CONDITIONS[condition], displacement & 0xff];
}

/** `jcc rel32`: 0F 80+cc cd. */
export function jcc32(condition: Condition, displacement: number): Code {
  return appendInt32([0x0f, 0x80 | CONDITIONS[condition]], displacement);
}

/** `jmp` in the shortest form that reaches. */
export const JMP: readonly Form[] = [relativeForm(2, isInt8, jmp8), relativeForm(5, isInt32, jmp32)];

/** `jcc` in the shortest form that reaches. */
export const JCC = Object.fromEntries(
  Object.keys(CONDITIONS).map((name) => [name, jccForms(name as Condition)]),
) as Readonly<Record<Condition, readonly Form[]>>;

/** `mov r32, imm32` of the address of a label, which is below 2 GiB in an image. */
export const MOV_ADDRESS = Object.fromEntries(
  REGISTERS.map((register) => [register, [movAddressForm(register)]]),
) as unknown as Readonly<Record<Register, readonly Form[]>>;

export function isInt8(value: number): boolean {
  return value >= -0x80 && value <= 0x7f;
}

export function isInt32(value: number): boolean {
  return value >= -0x8000_0000 && value <= 0x7fff_ffff;
}

// --- internal ---

function relativeForm(
  sizeBytes: number,
  fits: (displacement: number) => boolean,
  encode: (displacement: number) => Code,
): Form {
  return {
    sizeBytes,
    reaches: (from, to) => fits(to - from - sizeBytes),
    encode: (from, to) => encode(to - from - sizeBytes),
  };
}

function jccForms(condition: Condition): readonly Form[] {
  return [
    relativeForm(2, isInt8, (displacement) => jcc8(condition, displacement)),
    relativeForm(6, isInt32, (displacement) => jcc32(condition, displacement)),
  ];
}

function movAddressForm(into: Register): Form {
  return {
    sizeBytes: movImm32(into, 0).length,
    reaches: (_from, to) => isInt32(to),
    encode: (_from, to) => movImm32(into, to),
  };
}

/** REX (0100WR0B, left out where it would say nothing) and opcode. SDM volume 2, 2.2.1. */
function opcodeOf(opcode: number, reg: number, rm: number, wide: boolean, needsRex = false): number[] {
  const rex = 0x40 | (wide ? 8 : 0) | (reg >= 8 ? 4 : 0) | (rm >= 8 ? 1 : 0);
  const bytes = rex === 0x40 && !needsRex ? [] : [rex];
  if (opcode > 0xff) bytes.push(opcode >> 8);
  bytes.push(opcode & 0xff);
  return bytes;
}

/** Opcode and ModRM with a register as operand: mod = 11. */
function registerForm(opcode: number, reg: number, rm: number, wide: boolean): number[] {
  const bytes = opcodeOf(opcode, reg, rm, wide);
  bytes.push(0xc0 | ((reg & 7) << 3) | (rm & 7));
  return bytes;
}

/** Group 1 of the SDM, table A-6: `op r/m, imm`, in one byte where that is enough. */
function immediateForm(operation: number, register: Register, value: number, wide: boolean): Code {
  const short = isInt8(value);
  const bytes = registerForm(short ? 0x83 : 0x81, operation, registerNumber(register), wide);
  return short ? appendInt8(bytes, value) : appendInt32(bytes, value);
}

/** Opcode and ModRM with `[base + displacement]` as operand. SDM volume 2, tables 2-2 and 2-3. */
function memoryForm(
  opcode: number,
  reg: number,
  base: Register,
  displacement: number,
  wide: boolean,
  needsRex = false,
): number[] {
  const rm = registerNumber(base);
  // rm = 101 with mod = 00 means rip, so rbp and r13 always have a displacement.
  const mod = displacement === 0 && (rm & 7) !== 5 ? 0 : isInt8(displacement) ? 1 : 2;
  const bytes = opcodeOf(opcode, reg, rm, wide, needsRex);
  bytes.push((mod << 6) | ((reg & 7) << 3) | (rm & 7));
  // rm = 100 means that a SIB byte follows; 24 is "no index".
  if ((rm & 7) === 4) bytes.push(0x24);
  if (mod === 1) appendInt8(bytes, displacement);
  if (mod === 2) appendInt32(bytes, displacement);
  return bytes;
}

function appendInt8(bytes: number[], value: number): number[] {
  bytes.push(value & 0xff);
  return bytes;
}

/** Little-endian, modulo 2^32. */
function appendInt32(bytes: number[], value: number): number[] {
  bytes.push(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >>> 24) & 0xff);
  return bytes;
}
