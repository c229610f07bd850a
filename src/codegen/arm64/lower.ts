/**
 * arm64: which instructions say an operation in the fewest words.
 * @module
 */
import invariant from "tiny-invariant";
import type { Arithmetic, Width } from "../../ir/op.ts";
import type { Assembler, Code } from "../assembler.ts";
import type { Backend, Memory } from "../backend.ts";
import * as encode from "./encode.ts";
import { type Register, ROLES } from "./registers.ts";

const { base, counter, result, left, right } = ROLES;

/** AAPCS64: the first argument of a C function. */
const FIRST_C_ARGUMENT: Register = "x0";

/** Holds an address or a quotient within one operation. */
const TEMPORARY: Register = "x11";

/** Largest amount that `count` adds in one word, and largest offset of `add`. */
const IMMEDIATE_MAX = 0xfff;

const ARITHMETIC: Readonly<Record<Arithmetic, readonly Code[]>> = {
  add: [encode.alu("add", left, left, right)],
  subtract: [encode.alu("sub", left, left, right)],
  and: [encode.alu("and", left, left, right)],
  or: [encode.alu("orr", left, left, right)],
  shiftLeft: [encode.alu("lslv", left, left, right)],
  shiftRight: [encode.alu("lsrv", left, left, right)],
  divide: [encode.alu("udiv", left, left, right)],
  remainder: [encode.alu("udiv", TEMPORARY, left, right), encode.msub(left, TEMPORARY, right, left)],
};

export const backend = {
  arch: "arm64",
  machine: 183, // EM_AARCH64
  pageBytes: 0x10000,
  imageBias: 0,
  registers: ROLES,

  enter(out, shape, baseAddress) {
    if (shape === "image") loadConstant(out, base, baseAddress);
    else out.bytes(encode.mov(base, FIRST_C_ARGUMENT));
    out.bytes(encode.movz(counter, 0));
  },

  storeStackPointer(out, to) {
    out.bytes(encode.movFromStackPointer(left));
    backend.store(out, left, to, 8);
  },

  loadConstant(out, into, value) {
    if (value >= 0 && value <= 0xffff) out.bytes(encode.movz(into, Number(value)));
    else loadConstant(out, into, value);
  },

  loadReadOnly(out, into, label) {
    out.fixup(label, encode.ADR[into]);
  },

  loadAddress(out, into, of) {
    const high = of.displacement >>> 12;
    invariant(of.displacement >= 0 && high <= IMMEDIATE_MAX, "writable memory is smaller than 16 MiB");
    out.bytes(encode.addImmediate(into, of.base, of.displacement & IMMEDIATE_MAX));
    if (high > 0) out.bytes(encode.addImmediate(into, into, high, 12));
  },

  load(out, into, from, width, signed) {
    out.bytes(encode.load(into, reachable(out, from, width), width, signed));
  },

  store(out, value, to, width) {
    out.bytes(encode.store(value, reachable(out, to, width), width));
  },

  compute(out, operation) {
    for (const instruction of ARITHMETIC[operation]) out.bytes(instruction);
  },

  compareAndJump(out, first, comparison, second, to) {
    out.bytes(encode.cmp(first, second));
    out.fixup(to, encode.B_CONDITION[comparison]);
  },

  jump(out, to) {
    out.fixup(to, encode.B);
  },

  systemCall(out) {
    out.bytes(encode.svc());
  },

  jumpOnError(out, to) {
    out.fixup(to, encode.B_NEGATIVE);
  },

  jumpOnErrno(out, errno, to) {
    out.bytes(encode.cmn(result, errno));
    out.fixup(to, encode.B_CONDITION.equal);
  },

  count(out, amount) {
    for (let rest = amount; rest > 0; rest -= IMMEDIATE_MAX) {
      out.bytes(encode.addImmediate(counter, counter, Math.min(rest, IMMEDIATE_MAX)));
    }
  },

  negateResult(out) {
    out.bytes(encode.neg(result, result));
  },
} as const satisfies Backend<Register>;

// --- internal ---

/** Any word, sixteen bits per instruction: from 0 with `movz`, or from -1 with `movn` where more of them are ones. */
function loadConstant(out: Assembler, into: Register, value: number | bigint): void {
  const word = BigInt.asUintN(64, BigInt(value));
  const parts = [0, 16, 32, 48].map((shift) => ({ shift, bits: Number((word >> BigInt(shift)) & 0xffffn) }));
  const zeros = parts.filter(({ bits }) => bits !== 0);
  const ones = parts.filter(({ bits }) => bits !== 0xffff);
  const negative = ones.length < zeros.length;
  const [first = { shift: 0, bits: 0xffff }, ...rest] = negative ? ones : zeros;
  if (negative) out.bytes(encode.movn(into, first.bits ^ 0xffff, first.shift));
  else out.bytes(encode.movz(into, first.bits, first.shift));
  for (const { bits, shift } of rest) out.bytes(encode.movk(into, bits, shift));
}

/** The same place with a displacement that loads and stores have; the sum goes through a register where they have not. */
function reachable(out: Assembler, memory: Memory<Register>, width: Width): Memory<Register> {
  if (encode.isScaledOffset(memory.displacement, width)) return memory;
  loadConstant(out, TEMPORARY, memory.displacement);
  out.bytes(encode.alu("add", TEMPORARY, TEMPORARY, memory.base));
  return { base: TEMPORARY, displacement: 0 };
}
