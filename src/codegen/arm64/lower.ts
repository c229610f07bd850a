/**
 * arm64: which instructions say an operation in the fewest words.
 * @module
 */
import invariant from "tiny-invariant";
import { syscallsArm64 } from "../../linux/syscalls.arm64.ts";
import { type Assembler, highHalf, lowHalf } from "../assembler.ts";
import type { Backend } from "../backend.ts";
import * as encode from "./encode.ts";
import { REGISTERS, type Register, ROLES } from "./registers.ts";

const { base, counter, result, left, right } = ROLES;

const HANDED = REGISTERS.x0;
/** No duty, and system calls leave it alone. */
const KEPT = REGISTERS.x21;

/** AAPCS64: the first argument of a C function. */
const FIRST_C_ARGUMENT = REGISTERS.x0;

/** Holds an address or a quotient within one operation. */
const TEMPORARY = REGISTERS.x11;

/** Largest amount that `count` adds in one word, and largest offset of `add`. */
const IMMEDIATE_MAX = 0xfff;

export const backend = {
  arch: "arm64",
  machine: 183, // EM_AARCH64
  pageBytes: 0x10000,
  imageBias: 0,
  registers: ROLES,
  readOnlyBytes: new Array(31).fill(encode.INSTRUCTION_BYTES),
  syscalls: syscallsArm64,

  enter(out, baseAddress) {
    if (baseAddress === undefined) encode.mov(out, base, FIRST_C_ARGUMENT);
    else wideConstant(out, base, baseAddress);
    encode.movz(out, counter, 0, 0);
  },

  /** The dynamic linkers of glibc and musl: x0 is a function for atexit(3), or 0. */
  keepHanded(out) {
    encode.mov(out, KEPT, HANDED);
  },

  resume(out, address) {
    encode.mov(out, HANDED, KEPT);
    wideConstant(out, left, address);
    encode.br(out, left);
  },

  storeStackPointer(out, slots, displacement) {
    encode.movFromStackPointer(out, left);
    backend.store(out, left, slots, displacement, 8);
  },

  loadConstant(out, into, value) {
    if (typeof value === "number" && value >= 0 && value <= 0xffff) encode.movz(out, into, value, 0);
    else wideConstant(out, into, value);
  },

  loadReadOnly(out, into, to, from) {
    encode.adr(out, into, to - from);
  },

  loadAddress(out, into, slots, displacement) {
    const high = displacement >>> 12;
    invariant(displacement >= 0 && high <= IMMEDIATE_MAX, "writable memory is smaller than 16 MiB");
    encode.addImmediate(out, into, slots, displacement & IMMEDIATE_MAX, 0);
    if (high > 0) encode.addImmediate(out, into, into, high, 12);
  },

  load(out, into, from, displacement, width, signed) {
    if (encode.isScaledOffset(displacement, width)) {
      encode.load(out, into, from, displacement, width, signed);
    } else {
      addressInTemporary(out, from, displacement);
      encode.load(out, into, TEMPORARY, 0, width, signed);
    }
  },

  store(out, value, to, displacement, width) {
    if (encode.isScaledOffset(displacement, width)) {
      encode.store(out, value, to, displacement, width);
    } else {
      addressInTemporary(out, to, displacement);
      encode.store(out, value, TEMPORARY, 0, width);
    }
  },

  compute(out, operation) {
    switch (operation) {
      case "add":
        encode.alu(out, "add", left, left, right);
        break;
      case "subtract":
        encode.alu(out, "sub", left, left, right);
        break;
      case "and":
        encode.alu(out, "and", left, left, right);
        break;
      case "or":
        encode.alu(out, "orr", left, left, right);
        break;
      case "shiftLeft":
        encode.alu(out, "lslv", left, left, right);
        break;
      case "shiftRight":
        encode.alu(out, "lsrv", left, left, right);
        break;
      case "divide":
        encode.alu(out, "udiv", left, left, right);
        break;
      case "remainder":
        encode.alu(out, "udiv", TEMPORARY, left, right);
        encode.msub(out, left, TEMPORARY, right, left);
        break;
    }
  },

  compareAndJump(out, first, comparison, second, to) {
    encode.cmp(out, first, second);
    out.jump(encode.B_CONDITION[comparison], to);
  },

  jump(out, to) {
    out.jump(encode.B, to);
  },

  systemCall: encode.svc,

  jumpOnError(out, to) {
    out.jump(encode.B_NEGATIVE, to);
  },

  jumpOnErrno(out, errno, to) {
    encode.cmn(out, result, errno);
    out.jump(encode.B_CONDITION.equal, to);
  },

  count(out, amount) {
    for (let rest = amount; rest > 0; rest -= IMMEDIATE_MAX) {
      encode.addImmediate(out, counter, counter, Math.min(rest, IMMEDIATE_MAX), 0);
    }
  },

  negateResult(out) {
    encode.neg(out, result, result);
  },
} as const satisfies Backend<Register>;

// --- internal ---

/** Any word but 0, sixteen bits per instruction: from 0 with `movz`, or from -1 with `movn` where more of them are ones. */
function wideConstant(out: Assembler, into: Register, value: number | bigint): void {
  const [low, high] = [lowHalf(value), highHalf(value)];
  const parts = [low & 0xffff, low >>> 16, high & 0xffff, high >>> 16];
  const zeros = parts.filter((bits) => bits === 0).length;
  const ones = parts.filter((bits) => bits === 0xffff).length;
  const background = ones > zeros ? 0xffff : 0;
  if (ones === parts.length) encode.movn(out, into, 0, 0);
  let isFirst = true;
  for (const [position, bits] of parts.entries()) {
    if (bits === background) continue;
    if (!isFirst) encode.movk(out, into, bits, position * 16);
    else if (background === 0) encode.movz(out, into, bits, position * 16);
    else encode.movn(out, into, bits ^ 0xffff, position * 16);
    isFirst = false;
  }
}

/** The sum that a displacement needs which loads and stores do not have. */
function addressInTemporary(out: Assembler, from: Register, displacement: number): void {
  wideConstant(out, TEMPORARY, displacement);
  encode.alu(out, "add", TEMPORARY, TEMPORARY, from);
}
