/**
 * arm64 instructions: one function per instruction, and no choices. `lower.ts` chooses. All of them write at the cursor of `out`,
 * where there is room.
 *
 * Every comment names the instruction's page in the Arm Architecture Reference Manual (DDI 0487), chapter C6.2, and the bits that it
 * begins with. `test/codegen/arm64/encode.test.ts` is the table of results.
 * @module
 */
import invariant from "tiny-invariant";
import type { Comparison, Width } from "../../ir/op.ts";
import type { Assembler, Jump } from "../assembler.ts";
import { REGISTERS, type Register } from "./registers.ts";

const { x0, xzr } = REGISTERS;

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

/** `size`, bits 31:30 of loads and stores. */
const SIZES: Readonly<Record<Width, number>> = { 1: 0b00, 2: 0b01, 4: 0b10, 8: 0b11 };

/** How far instructions reach in both directions, in bytes: half of what the bits of their displacements count. */
const B_REACH = 2 ** 27;
const CONDITION_REACH = 2 ** 20;
const TEST_REACH = 2 ** 15;
const ADR_REACH = 2 ** 20;

/** `movz xd, #imm16, lsl #shift`: 110100101. */
export function movz(out: Assembler, into: Register, value: number, shift: number): void {
  moveWide(out, 0xd2800000, into, value, shift);
}

/** `movn xd, #imm16, lsl #shift`: 100100101. Loads the complement. */
export function movn(out: Assembler, into: Register, value: number, shift: number): void {
  moveWide(out, 0x92800000, into, value, shift);
}

/** `movk xd, #imm16, lsl #shift`: 111100101. Keeps the other 48 bits. */
export function movk(out: Assembler, into: Register, value: number, shift: number): void {
  moveWide(out, 0xf2800000, into, value, shift);
}

/** `mov xd, xm`, which is `orr xd, xzr, xm`. */
export function mov(out: Assembler, into: Register, from: Register): void {
  alu(out, "orr", into, xzr, from);
}

/** `add|sub|and|orr xd, xn, xm` (shifted register, no shift) and `lslv|lsrv|udiv xd, xn, xm`. */
export function alu(
  out: Assembler,
  operation: keyof typeof ALU,
  into: Register,
  left: Register,
  right: Register,
): void {
  word(out, ALU[operation] | threeRegisters(into, left, right));
}

/** `msub xd, xn, xm, xa`: `xa - xn * xm`. 10011011000, o0 = 1. */
export function msub(out: Assembler, into: Register, left: Register, right: Register, minuend: Register): void {
  word(out, 0x9b008000 | (minuend << 10) | threeRegisters(into, left, right));
}

/** `neg xd, xm`, which is `sub xd, xzr, xm`. */
export function neg(out: Assembler, into: Register, from: Register): void {
  alu(out, "sub", into, xzr, from);
}

/** `cmp xn, xm`, which is `subs xzr, xn, xm`: 11101011000. */
export function cmp(out: Assembler, left: Register, right: Register): void {
  word(out, 0xeb000000 | threeRegisters(xzr, left, right));
}

/** `cmn xn, #imm12`, which is `adds xzr, xn, #imm12`: 101100010. Compares with `-value`. */
export function cmn(out: Assembler, left: Register, value: number): void {
  word(out, 0xb1000000 | immediate12(value) | (left << 5) | xzr);
}

/** `add xd, xn, #imm12 {, lsl #12}`: 100100010. Register 31 is sp here. */
export function addImmediate(out: Assembler, into: Register, left: Register, value: number, shift: 0 | 12): void {
  word(out, 0x91000000 | (shift === 12 ? 1 << 22 : 0) | immediate12(value) | (left << 5) | into);
}

/** `mov xd, sp`, which is `add xd, sp, #0`. */
export function movFromStackPointer(out: Assembler, into: Register): void {
  addImmediate(out, into, xzr, 0, 0);
}

/** `ldr`, or `ldrs` where a `signed` load is narrower than the register; unsigned offset, scaled: size 111001 opc. */
export function load(
  out: Assembler,
  into: Register,
  base: Register,
  displacement: number,
  width: Width,
  signed: boolean,
): void {
  scaled(out, signed && width < 8 ? 0b10 : 0b01, into, base, displacement, width);
}

/** `str xt, [xn, #offset]`, unsigned offset, scaled: size 111001 00. */
export function store(out: Assembler, value: Register, base: Register, displacement: number, width: Width): void {
  scaled(out, 0b00, value, base, displacement, width);
}

/** Whether `load` and `store` have the displacement: twelve bits, counted in units of the width. */
export function isScaledOffset(displacement: number, width: Width): boolean {
  return displacement >= 0 && displacement % width === 0 && displacement / width <= 0xfff;
}

/** `svc #0`: 11010100000. */
export function svc(out: Assembler): void {
  word(out, 0xd4000001);
}

/** `adr xd, label`: 0 immlo 10000 immhi. Displacements count from the start of the instruction. */
export function adr(out: Assembler, into: Register, displacement: number): void {
  if (displacement < -ADR_REACH || displacement >= ADR_REACH) {
    invariant(false, `no adr reaches ${displacement}; the program is too large`);
  }
  const low = (displacement & 3) << 29;
  const high = ((displacement >> 2) & 0x7ffff) << 5;
  word(out, 0x10000000 | low | high | into);
}

/** `br xn`: 1101011000011111000000 Rn 00000. */
export function br(out: Assembler, to: Register): void {
  word(out, 0xd61f0000 | (to << 5));
}

/** `b label`: 000101 imm26. */
export function b(out: Assembler, displacement: number): void {
  word(out, 0x14000000 | ((displacement >> 2) & 0x3ff_ffff));
}

/** `b.cond label`: 01010100 imm19 0 cond. */
export function bCondition(out: Assembler, condition: Comparison, displacement: number): void {
  word(out, 0x54000000 | (((displacement >> 2) & 0x7ffff) << 5) | CONDITIONS[condition]);
}

/** `tbnz xt, #bit, label`: b5 0110111 b40 imm14. */
export function tbnz(out: Assembler, register: Register, bit: number, displacement: number): void {
  word(out, 0x37000000 | testBits(register, bit, displacement));
}

/** `tbz xt, #bit, label`: b5 0110110 b40 imm14. */
export function tbz(out: Assembler, register: Register, bit: number, displacement: number): void {
  word(out, 0x36000000 | testBits(register, bit, displacement));
}

/** `b`, ±128 MiB. */
export const B: Jump = {
  shortBytes: INSTRUCTION_BYTES,
  growsBy: 0,
  shortMin: -B_REACH,
  shortMax: B_REACH - INSTRUCTION_BYTES,
  reach: B_REACH,
  short: b,
  long: b,
};

/** `b.cond`, ±1 MiB; beyond that, the opposite condition jumps over a `b`. */
export const B_CONDITION: Readonly<Record<Comparison, Jump>> = {
  equal: conditionalJump("equal", "notEqual"),
  notEqual: conditionalJump("notEqual", "equal"),
  less: conditionalJump("less", "greaterOrEqual"),
  greaterOrEqual: conditionalJump("greaterOrEqual", "less"),
  greater: conditionalJump("greater", "lessOrEqual"),
  lessOrEqual: conditionalJump("lessOrEqual", "greater"),
};

/** `tbnz x0` of the sign, ±32 KiB; beyond that, `tbz` jumps over a `b`. */
export const B_NEGATIVE: Jump = jumpOrSkip(
  TEST_REACH,
  (out, displacement) => tbnz(out, x0, 63, displacement),
  (out) => tbz(out, x0, 63, 2 * INSTRUCTION_BYTES),
);

// --- internal ---

function conditionalJump(condition: Comparison, opposite: Comparison): Jump {
  return jumpOrSkip(
    CONDITION_REACH,
    (out, displacement) => bCondition(out, condition, displacement),
    (out) => bCondition(out, opposite, 2 * INSTRUCTION_BYTES),
  );
}

/** A conditional jump that goes less far than `b`: its long form is the opposite one, over a `b`. */
function jumpOrSkip(shortReach: number, short: Jump["short"], skip: (out: Assembler) => void): Jump {
  return {
    shortBytes: INSTRUCTION_BYTES,
    growsBy: INSTRUCTION_BYTES,
    shortMin: -shortReach,
    shortMax: shortReach - INSTRUCTION_BYTES,
    reach: B_REACH - INSTRUCTION_BYTES,
    short,
    long: (out, displacement) => {
      skip(out);
      b(out, displacement - INSTRUCTION_BYTES);
    },
  };
}

function moveWide(out: Assembler, opcode: number, into: Register, value: number, shift: number): void {
  word(out, opcode | ((shift >> 4) << 21) | (value << 5) | into);
}

function scaled(
  out: Assembler,
  opc: number,
  register: Register,
  base: Register,
  displacement: number,
  width: Width,
): void {
  if (!isScaledOffset(displacement, width)) {
    invariant(false, `an offset is a small multiple of the width: ${displacement}`);
  }
  const offset = (displacement / width) << 10;
  word(out, (SIZES[width] << 30) | 0x39000000 | (opc << 22) | offset | (base << 5) | register);
}

function testBits(register: Register, bit: number, displacement: number): number {
  return ((bit >> 5) << 31) | ((bit & 31) << 19) | (((displacement >> 2) & 0x3fff) << 5) | register;
}

function immediate12(value: number): number {
  if (value < 0 || value > 0xfff) invariant(false, `an immediate has twelve bits: ${value}`);
  return value << 10;
}

function threeRegisters(rd: Register, rn: Register, rm: Register): number {
  return (rm << 16) | (rn << 5) | rd;
}

function word(out: Assembler, instruction: number): void {
  out.view.setInt32(out.size, instruction, true);
  out.size += INSTRUCTION_BYTES;
}
