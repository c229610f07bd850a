/**
 * x86-64: which instructions say an operation in the fewest bytes.
 *
 * rbp is 0 until a call fails, so `lea r, [rbp + disp8]` is the shortest way to a small constant: three or four bytes.
 * @module
 */
import type { Arithmetic } from "../../ir/op.ts";
import type { Code } from "../assembler.ts";
import type { Backend } from "../backend.ts";
import * as encode from "./encode.ts";
import { type Register, ROLES } from "./registers.ts";

const { base, zero, counter, result, left, right } = ROLES;

/** System V ABI: the first argument of a C function. */
const FIRST_C_ARGUMENT: Register = "rdi";

const ARITHMETIC: Readonly<Record<Arithmetic, readonly Code[]>> = {
  add: [encode.alu("add", left, right)],
  subtract: [encode.alu("sub", left, right)],
  and: [encode.alu("and", left, right)],
  or: [encode.alu("or", left, right)],
  shiftLeft: [encode.shiftByCl("left", left)],
  shiftRight: [encode.shiftByCl("right", left)],
  divide: [encode.clear("rdx"), encode.div(right)],
  remainder: [encode.clear("rdx"), encode.div(right), encode.alu("mov", left, "rdx")],
};

export const backend = {
  arch: "x64",
  machine: 62, // EM_X86_64
  pageBytes: 0x1000,
  imageBias: 0x80,
  registers: ROLES,

  enter(out, shape, baseAddress) {
    out.bytes(shape === "image" ? encode.movImm32(base, baseAddress) : encode.alu("mov", base, FIRST_C_ARGUMENT));
    out.bytes(encode.clear(counter));
  },

  storeStackPointer(out, to) {
    out.bytes(encode.store("rsp", to, 8));
  },

  loadConstant(out, into, value) {
    out.bytes(shortestConstant(into, value));
  },

  loadReadOnly(out, into, label) {
    out.fixup(label, encode.MOV_ADDRESS[into]);
  },

  loadAddress(out, into, of, address) {
    if (address === undefined) out.bytes(encode.lea(into, of));
    else if (encode.isInt8(of.displacement)) out.bytes(encode.lea32(into, of));
    else out.bytes(encode.movImm32(into, address));
  },

  load(out, into, from, width, signed) {
    out.bytes(encode.load(into, from, width, signed));
  },

  store(out, value, to, width) {
    out.bytes(encode.store(value, to, width));
  },

  compute(out, operation) {
    for (const instruction of ARITHMETIC[operation]) out.bytes(instruction);
  },

  compareAndJump(out, first, comparison, second, to) {
    out.bytes(encode.alu("cmp", first, second));
    out.fixup(to, encode.JCC[comparison]);
  },

  jump(out, to) {
    out.fixup(to, encode.JMP);
  },

  systemCall(out) {
    out.bytes(encode.syscall());
  },

  jumpOnError(out, to) {
    out.bytes(encode.alu("test", result, result));
    out.fixup(to, encode.JCC.negative);
  },

  jumpOnErrno(out, errno, to) {
    out.bytes(encode.cmpImmediate(result, -errno));
    out.fixup(to, encode.JCC.equal);
  },

  count(out, amount) {
    out.bytes(amount === 1 ? encode.inc32(counter) : encode.addImmediate32(counter, amount));
  },

  negateResult(out) {
    out.bytes(encode.neg(result));
  },
} as const satisfies Backend<Register>;

// --- internal ---

function shortestConstant(into: Register, value: number | bigint): Code {
  if (value === 0) return encode.clear(into);
  if (typeof value === "bigint") return encode.movImm64(into, value);
  if (encode.isInt8(value)) return (value > 0 ? encode.lea32 : encode.lea)(into, { base: zero, displacement: value });
  if (value > 0 && value <= 0xffff_ffff) return encode.movImm32(into, value);
  if (encode.isInt32(value)) return encode.movSignedImm32(into, value);
  return encode.movImm64(into, value);
}
