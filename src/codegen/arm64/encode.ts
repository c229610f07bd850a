/**
 * arm64 instructions as bytes: one function per instruction, and no choices. `lower.ts` chooses.
 *
 * Every comment names the instruction's page in the Arm Architecture Reference Manual (DDI 0487), chapter C6.2, and the bits that it
 * begins with. `test/codegen/arm64/encode.test.ts` is the table of results.
 * @module
 */
import invariant from "tiny-invariant";
import type { Comparison, Width } from "../../ir/op.ts";
import type { Code, Form } from "../assembler.ts";
import type { Memory } from "../backend.ts";
import { REGISTERS, type Register, registerNumber } from "./registers.ts";

/** Size of every instruction. */
export const INSTRUCTION_BYTES = 4;

/** 64-bit `op xd, xn, xm`: "data-processing (register)", C4.1.93. */
const ALU = {
  add: 0x8b000000,
  sub: 0xcb000000,
  and: 0x8a000000,
  orr: 0xaa000000,
  lslv: 0x9ac02000,
  lsrv: 0x9ac02400,
  udiv: 0x9ac00800,
} as const;

/** `cond`, C1.2.4. */
const CONDITIONS = {
  equal: 0b0000,
  notEqual: 0b0001,
  greaterOrEqual: 0b1010,
  less: 0b1011,
  greater: 0b1100,
  lessOrEqual: 0b1101,
} as const satisfies Record<Comparison, number>;

const OPPOSITES: Readonly<Record<Comparison, Comparison>> = {
  equal: "notEqual",
  notEqual: "equal",
  greaterOrEqual: "less",
  less: "greaterOrEqual",
  greater: "lessOrEqual",
  lessOrEqual: "greater",
};

/** `size`, bits 31:30 of loads and stores. */
const SIZES: Readonly<Record<Width, number>> = { 1: 0b00, 2: 0b01, 4: 0b10, 8: 0b11 };

/** `movz xd, #imm16, lsl #shift`: 110100101. */
export function movz(into: Register, value: number, shift = 0): Code {
  return moveWide(0xd2800000, into, value, shift);
}

/** `movn xd, #imm16, lsl #shift`: 100100101. Loads the complement. */
export function movn(into: Register, value: number, shift = 0): Code {
  return moveWide(0x92800000, into, value, shift);
}

/** `movk xd, #imm16, lsl #shift`: 111100101. Keeps the other 48 bits. */
export function movk(into: Register, value: number, shift = 0): Code {
  return moveWide(0xf2800000, into, value, shift);
}

/** `mov xd, xm`, which is `orr xd, xzr, xm`. */
export function mov(into: Register, from: Register): Code {
  return alu("orr", into, "xzr", from);
}

/** `add|sub|and|orr xd, xn, xm` (shifted register, no shift) and `lslv|lsrv|udiv xd, xn, xm`. */
export function alu(operation: keyof typeof ALU, into: Register, left: Register, right: Register): Code {
  return word(ALU[operation] | threeRegisters(into, left, right));
}

/** `msub xd, xn, xm, xa`: `xa - xn * xm`. 10011011000, o0 = 1. */
export function msub(into: Register, left: Register, right: Register, minuend: Register): Code {
  return word(0x9b008000 | (registerNumber(minuend) << 10) | threeRegisters(into, left, right));
}

/** `neg xd, xm`, which is `sub xd, xzr, xm`. */
export function neg(into: Register, from: Register): Code {
  return alu("sub", into, "xzr", from);
}

/** `cmp xn, xm`, which is `subs xzr, xn, xm`: 11101011000. */
export function cmp(left: Register, right: Register): Code {
  return word(0xeb000000 | threeRegisters("xzr", left, right));
}

/** `cmn xn, #imm12`, which is `adds xzr, xn, #imm12`: 101100010. Compares with `-value`. */
export function cmn(left: Register, value: number): Code {
  return word(0xb1000000 | immediate12(value) | twoRegisters("xzr", left));
}

/** `add xd, xn, #imm12 {, lsl #12}`: 100100010. Register 31 is sp here. */
export function addImmediate(into: Register, left: Register, value: number, shift: 0 | 12 = 0): Code {
  return word(0x91000000 | (shift === 12 ? 1 << 22 : 0) | immediate12(value) | twoRegisters(into, left));
}

/** `mov xd, sp`, which is `add xd, sp, #0`. */
export function movFromStackPointer(into: Register): Code {
  return addImmediate(into, "xzr", 0);
}

/** `ldr`, or `ldrs` where a `signed` load is narrower than the register; unsigned offset, scaled: size 111001 opc. */
export function load(into: Register, { base, displacement }: Memory<Register>, width: Width, signed: boolean): Code {
  return scaled(signed && width < 8 ? 0b10 : 0b01, into, base, displacement, width);
}

/** `str xt, [xn, #offset]`, unsigned offset, scaled: size 111001 00. */
export function store(value: Register, { base, displacement }: Memory<Register>, width: Width): Code {
  return scaled(0b00, value, base, displacement, width);
}

/** Whether `load` and `store` have the displacement: twelve bits, counted in units of the width. */
export function isScaledOffset(displacement: number, width: Width): boolean {
  return displacement >= 0 && displacement % width === 0 && displacement / width <= 0xfff;
}

/** `svc #0`: 11010100000. */
export function svc(): Code {
  return word(0xd4000001);
}

/** `adr xd, label`: 0 immlo 10000 immhi. Displacements count from the start of the instruction. */
export function adr(into: Register, displacement: number): Code {
  const low = (displacement & 3) << 29;
  const high = ((displacement >> 2) & 0x7ffff) << 5;
  return word(0x10000000 | low | high | registerNumber(into));
}

/** `b label`: 000101 imm26. */
export function b(displacement: number): Code {
  return word(0x14000000 | ((displacement >> 2) & 0x3ff_ffff));
}

/** `b.cond label`: 01010100 imm19 0 cond. */
export function bCondition(condition: Comparison, displacement: number): Code {
  return word(0x54000000 | (((displacement >> 2) & 0x7ffff) << 5) | CONDITIONS[condition]);
}

/** `tbnz xt, #bit, label`: b5 0110111 b40 imm14. */
export function tbnz(register: Register, bit: number, displacement: number): Code {
  return word(0x37000000 | testBits(register, bit, displacement));
}

/** `tbz xt, #bit, label`: b5 0110110 b40 imm14. */
export function tbz(register: Register, bit: number, displacement: number): Code {
  return word(0x36000000 | testBits(register, bit, displacement));
}

const B_FORM = branchForm(28, b);

/** `b`, ±128 MiB. */
export const B: readonly Form[] = [B_FORM];

/** `b.cond`, ±1 MiB; beyond that, the opposite condition jumps over a `b`. */
export const B_CONDITION = Object.fromEntries(
  Object.keys(CONDITIONS).map((name) => [name, conditionForms(name as Comparison)]),
) as Readonly<Record<Comparison, readonly Form[]>>;

/** `tbnz x0` of the sign, ±32 KiB; beyond that, `tbz` jumps over a `b`. */
export const B_NEGATIVE: readonly Form[] = [
  branchForm(16, (displacement) => tbnz("x0", 63, displacement)),
  overJump(tbz("x0", 63, 2 * INSTRUCTION_BYTES)),
];

/** `adr`, ±1 MiB. */
export const ADR = Object.fromEntries(
  REGISTERS.map((register) => [register, [branchForm(21, (displacement) => adr(register, displacement))]]),
) as unknown as Readonly<Record<Register, readonly Form[]>>;

// --- internal ---

/** An instruction with a displacement of `bits` bits, sign included. */
function branchForm(bits: number, encode: (displacement: number) => Code): Form {
  const reach = 2 ** (bits - 1);
  return {
    sizeBytes: INSTRUCTION_BYTES,
    reaches: (from, to) => to - from >= -reach && to - from < reach,
    encode: (from, to) => encode(to - from),
  };
}

function conditionForms(condition: Comparison): readonly Form[] {
  const short = branchForm(21, (displacement) => bCondition(condition, displacement));
  return [short, overJump(bCondition(OPPOSITES[condition], 2 * INSTRUCTION_BYTES))];
}

function overJump(skip: Code): Form {
  return {
    sizeBytes: 2 * INSTRUCTION_BYTES,
    reaches: (from, to) => B_FORM.reaches(from + INSTRUCTION_BYTES, to),
    encode: (from, to) => [...skip, ...B_FORM.encode(from + INSTRUCTION_BYTES, to)],
  };
}

function moveWide(opcode: number, into: Register, value: number, shift: number): Code {
  return word(opcode | ((shift / 16) << 21) | (value << 5) | registerNumber(into));
}

function scaled(opc: number, register: Register, base: Register, displacement: number, width: Width): Code {
  invariant(isScaledOffset(displacement, width), () => `an offset is a small multiple of the width: ${displacement}`);
  const offset = (displacement / width) << 10;
  return word((SIZES[width] << 30) | 0x39000000 | (opc << 22) | offset | twoRegisters(register, base));
}

function testBits(register: Register, bit: number, displacement: number): number {
  return ((bit >> 5) << 31) | ((bit & 31) << 19) | (((displacement >> 2) & 0x3fff) << 5) | registerNumber(register);
}

function immediate12(value: number): number {
  invariant(value >= 0 && value <= 0xfff, () => `an immediate has twelve bits: ${value}`);
  return value << 10;
}

function twoRegisters(rd: Register, rn: Register): number {
  return (registerNumber(rn) << 5) | registerNumber(rd);
}

function threeRegisters(rd: Register, rn: Register, rm: Register): number {
  return (registerNumber(rm) << 16) | twoRegisters(rd, rn);
}

function word(instruction: number): Code {
  return [instruction & 0xff, (instruction >> 8) & 0xff, (instruction >> 16) & 0xff, instruction >>> 24];
}
