/**
 * x86-64 instructions: one function per instruction, and no choices. `lower.ts` chooses. All of them write at the cursor of `out`,
 * where there is room.
 *
 * Every comment is the instruction's line in the Intel SDM, volume 2. `test/codegen/x64/encode.test.ts` is the table of results.
 * @module
 */
import type { Comparison, Width } from "../../ir/op.ts";
import { type Assembler, highHalf, type Jump, lowHalf } from "../assembler.ts";
import type { Register } from "./registers.ts";

/** Opcodes of `op r/m64, r64`. */
export const ALU = { add: 0x01, or: 0x09, and: 0x21, sub: 0x29, cmp: 0x39, test: 0x85, mov: 0x89 } as const;

/** The condition in the low four bits of `Jcc`. SDM volume 1, appendix B. */
export const CONDITIONS = {
  equal: 0x4,
  notEqual: 0x5,
  negative: 0x8,
  less: 0xc,
  greaterOrEqual: 0xd,
  lessOrEqual: 0xe,
  greater: 0xf,
} as const satisfies Record<Comparison | "negative", number>;

export type Condition = (typeof CONDITIONS)[keyof typeof CONDITIONS];

/** Bits of the REX prefix: a 64-bit operand, and a prefix that says nothing else. SDM volume 2, 2.2.1. */
const REX_W = 0x08;
const REX = 0x40;

interface Load {
  /** One byte, or two that begin with 0F. */
  readonly opcode: number;
  readonly rex: number;
}

/** `movzx r32, r/m8|16`, `mov r32, r/m32`, `mov r64, r/m64`: all of them clear the rest of the register. */
const ZERO_EXTENDING_LOADS: Readonly<Record<Width, Load>> = {
  1: { opcode: 0x0fb6, rex: 0 },
  2: { opcode: 0x0fb7, rex: 0 },
  4: { opcode: 0x8b, rex: 0 },
  8: { opcode: 0x8b, rex: REX_W },
};

/** `movsx r64, r/m8|16`, `movsxd r64, r/m32`, `mov r64, r/m64`. */
const SIGN_EXTENDING_LOADS: Readonly<Record<Width, Load>> = {
  1: { opcode: 0x0fbe, rex: REX_W },
  2: { opcode: 0x0fbf, rex: REX_W },
  4: { opcode: 0x63, rex: REX_W },
  8: { opcode: 0x8b, rex: REX_W },
};

/** `mov r32, imm32`: B8+rd id. Clears the upper half of the register. */
export function movImm32(out: Assembler, into: Register, value: number): void {
  let at = out.size;
  if (into >= 8) out.bytes[at++] = 0x41;
  out.bytes[at] = 0xb8 | (into & 7);
  out.view.setInt32(at + 1, value, true);
  out.size = at + 5;
}

/** `mov r/m64, imm32` (sign-extended): REX.W C7 /0 id. */
export function movSignedImm32(out: Assembler, into: Register, value: number): void {
  registerForm(out, 0xc7, 0, into, REX_W);
  appendInt32(out, value);
}

/** `mov r64, imm64`: REX.W B8+rd io. */
export function movImm64(out: Assembler, into: Register, value: number | bigint): void {
  out.bytes[out.size++] = REX | REX_W | (into >> 3);
  out.bytes[out.size++] = 0xb8 | (into & 7);
  appendInt32(out, lowHalf(value));
  appendInt32(out, highHalf(value));
}

/** `xor r/m32, r32` of a register with itself: 31 /r. Zero in two or three bytes. */
export function clear(out: Assembler, register: Register): void {
  registerForm(out, 0x31, register, register, 0);
}

/** `add|or|and|sub|cmp|test|mov r/m64, r64`: REX.W op /r. */
export function alu(out: Assembler, opcode: (typeof ALU)[keyof typeof ALU], left: Register, right: Register): void {
  const rex = REX | REX_W | ((right >> 3) << 2) | (left >> 3);
  const modRm = 0xc0 | ((right & 7) << 3) | (left & 7);
  out.view.setInt32(out.size, rex | (opcode << 8) | (modRm << 16), true);
  out.size += 3;
}

/** `cmp r/m64, imm8` or `imm32` (sign-extended): REX.W 83 /7 ib, REX.W 81 /7 id. */
export function cmpImmediate(out: Assembler, left: Register, value: number): void {
  immediateForm(out, 7, left, value, REX_W);
}

/** `add r/m32, imm8` or `imm32`: 83 /0 ib, 81 /0 id. */
export function addImmediate32(out: Assembler, into: Register, value: number): void {
  immediateForm(out, 0, into, value, 0);
}

/** `inc r/m32`: FF /0. */
export function inc32(out: Assembler, register: Register): void {
  registerForm(out, 0xff, 0, register, 0);
}

/** `neg r/m64`: REX.W F7 /3. */
export function neg(out: Assembler, register: Register): void {
  registerForm(out, 0xf7, 3, register, REX_W);
}

/** `div r/m64`: REX.W F7 /6. rdx:rax divided by the operand; quotient in rax, remainder in rdx. */
export function div(out: Assembler, divisor: Register): void {
  registerForm(out, 0xf7, 6, divisor, REX_W);
}

/** `shl r/m64, cl`: REX.W D3 /4. `shr r/m64, cl`: REX.W D3 /5. */
export function shiftByCl(out: Assembler, direction: "left" | "right", register: Register): void {
  registerForm(out, 0xd3, direction === "left" ? 4 : 5, register, REX_W);
}

/** `lea r64, m`: REX.W 8D /r. */
export function lea(out: Assembler, into: Register, base: Register, displacement: number): void {
  memoryForm(out, 0x8d, into, base, displacement, REX_W);
}

/** `lea r32, m`: 8D /r. Clears the upper half of the register. */
export function lea32(out: Assembler, into: Register, base: Register, displacement: number): void {
  memoryForm(out, 0x8d, into, base, displacement, 0);
}

/** `lea r32, [rbp + disp8]`: 8D /r, in the one form that most instructions of a program have. */
export function leaSmall(out: Assembler, into: Register, displacement: number): void {
  const at = out.size;
  const code = 0x458d | ((into & 7) << 11) | ((displacement & 0xff) << 16);
  if (into < 8) {
    out.view.setInt32(at, code, true);
    out.size = at + 3;
  } else {
    out.view.setInt32(at, (code << 8) | 0x44, true);
    out.size = at + 4;
  }
}

/** A load that fills the whole register: see the two tables above. */
export function load(
  out: Assembler,
  into: Register,
  base: Register,
  displacement: number,
  width: Width,
  signed: boolean,
): void {
  const { opcode, rex } = (signed ? SIGN_EXTENDING_LOADS : ZERO_EXTENDING_LOADS)[width];
  memoryForm(out, opcode, into, base, displacement, rex);
}

/** `mov r/m8, r8`: 88 /r. `mov r/m16|32|64, r`: 89 /r, with prefix 66 for 16 bits and REX.W for 64. */
export function store(out: Assembler, value: Register, base: Register, displacement: number, width: Width): void {
  if (width === 2) out.bytes[out.size++] = 0x66;
  const opcode = width === 1 ? 0x88 : 0x89;
  // Without a REX prefix, byte registers 4 to 7 are ah, ch, dh and bh.
  const rex = width === 8 ? REX_W : width === 1 && value >= 4 ? REX : 0;
  memoryForm(out, opcode, value, base, displacement, rex);
}

/** `syscall`: 0F 05. */
export function syscall(out: Assembler): void {
  out.bytes[out.size++] = 0x0f;
  out.bytes[out.size++] = 0x05;
}

/** `jmp r64`: FF /4. */
export function jmpRegister(out: Assembler, to: Register): void {
  if (to >= 8) out.bytes[out.size++] = 0x41;
  out.bytes[out.size++] = 0xff;
  out.bytes[out.size++] = 0xe0 | (to & 7);
}

/** `jmp rel8`: EB cb. Displacements count from the end of the instruction. */
export function jmp8(out: Assembler, displacement: number): void {
  out.bytes[out.size++] = 0xeb;
  out.bytes[out.size++] = displacement;
}

/** `jmp rel32`: E9 cd. */
export function jmp32(out: Assembler, displacement: number): void {
  out.bytes[out.size++] = 0xe9;
  appendInt32(out, displacement);
}

/** `jcc rel8`: 70+cc cb. */
export function jcc8(out: Assembler, condition: Condition, displacement: number): void {
  out.bytes[out.size++] = 0x70 | condition;
  out.bytes[out.size++] = displacement;
}

/** `jcc rel32`: 0F 80+cc cd. */
export function jcc32(out: Assembler, condition: Condition, displacement: number): void {
  const at = out.size;
  out.view.setInt16(at, 0x800f | (condition << 8), true);
  out.view.setInt32(at + 2, displacement, true);
  out.size = at + 6;
}

/** `jmp` in the shortest form that reaches. */
export const JMP: Jump = relativeJump(
  5,
  (out, displacement) => jmp8(out, displacement - 2),
  (out, displacement) => jmp32(out, displacement - 5),
);

/** `jcc` in the shortest form that reaches. */
export const JCC: Readonly<Record<keyof typeof CONDITIONS, Jump>> = {
  equal: conditionalJump(CONDITIONS.equal),
  notEqual: conditionalJump(CONDITIONS.notEqual),
  negative: conditionalJump(CONDITIONS.negative),
  less: conditionalJump(CONDITIONS.less),
  greaterOrEqual: conditionalJump(CONDITIONS.greaterOrEqual),
  lessOrEqual: conditionalJump(CONDITIONS.lessOrEqual),
  greater: conditionalJump(CONDITIONS.greater),
};

export function isInt8(value: number): boolean {
  return value >= -0x80 && value <= 0x7f;
}

export function isInt32(value: number): boolean {
  return value >= -0x8000_0000 && value <= 0x7fff_ffff;
}

// --- internal ---

/** Short forms have two bytes, and count from their end like the long ones. */
function relativeJump(longBytes: number, short: Jump["short"], long: Jump["long"]): Jump {
  return { shortBytes: 2, growsBy: longBytes - 2, shortMin: -0x7e, shortMax: 0x81, reach: 0x7fff_0000, short, long };
}

function conditionalJump(condition: Condition): Jump {
  return relativeJump(
    6,
    (out, displacement) => jcc8(out, condition, displacement - 2),
    (out, displacement) => jcc32(out, condition, displacement - 6),
  );
}

/**
 * REX (0100WR0B, left out where it would say nothing), opcode, and ModRM with a register as operand: mod = 11. Written as one word: the
 * bytes of it that are none of the instruction's are overwritten by the next.
 */
function registerForm(out: Assembler, opcode: number, reg: number, rm: number, rex: number): void {
  const at = out.size;
  const prefix = rex | ((reg >> 3) << 2) | (rm >> 3);
  const code = opcode | (0xc000 | ((reg & 7) << 11) | ((rm & 7) << 8));
  if (prefix === 0) {
    out.view.setInt32(at, code, true);
    out.size = at + 2;
  } else {
    out.view.setInt32(at, (code << 8) | REX | prefix, true);
    out.size = at + 3;
  }
}

/** Group 1 of the SDM, table A-6: `op r/m, imm`, in one byte where that is enough. */
function immediateForm(out: Assembler, operation: number, register: Register, value: number, rex: number): void {
  if (isInt8(value)) {
    registerForm(out, 0x83, operation, register, rex);
    out.bytes[out.size++] = value;
  } else {
    registerForm(out, 0x81, operation, register, rex);
    appendInt32(out, value);
  }
}

/** REX, opcode, and ModRM with `[base + displacement]` as operand. SDM volume 2, tables 2-2 and 2-3. */
function memoryForm(
  out: Assembler,
  opcode: number,
  reg: Register,
  base: Register,
  displacement: number,
  rex: number,
): void {
  const { bytes } = out;
  let at = out.size;
  const prefix = rex | ((reg >> 3) << 2) | (base >> 3);
  if (prefix !== 0) bytes[at++] = REX | prefix;
  if (opcode > 0xff) bytes[at++] = opcode >> 8;
  bytes[at++] = opcode;
  const rm = base & 7;
  // rm = 101 with mod = 00 means rip, so rbp and r13 always have a displacement.
  const mod = displacement === 0 && rm !== 5 ? 0 : displacement >= -0x80 && displacement <= 0x7f ? 1 : 2;
  bytes[at++] = (mod << 6) | ((reg & 7) << 3) | rm;
  // rm = 100 means that a SIB byte follows; 24 is "no index".
  if (rm === 4) bytes[at++] = 0x24;
  if (mod === 1) {
    bytes[at++] = displacement;
  } else if (mod === 2) {
    out.view.setInt32(at, displacement, true);
    at += 4;
  }
  out.size = at;
}

/** Little-endian, modulo 2^32. */
function appendInt32(out: Assembler, value: number): void {
  out.view.setInt32(out.size, value, true);
  out.size += 4;
}
