/**
 * x86-64: which instructions say an operation in the fewest bytes.
 *
 * rbp is 0 until a call fails, so `lea r, [rbp + disp8]` is the shortest way to a small constant: three or four bytes.
 * @module
 */
import { syscallsX64 } from "../../linux/syscalls.x64.ts";
import type { Backend } from "../backend.ts";
import * as encode from "./encode.ts";
import { REGISTERS, type Register, ROLES } from "./registers.ts";

const { base, zero, counter, result, left, right } = ROLES;
const { rdx, rsp } = REGISTERS;
const { add, or, and, sub, cmp, test, mov } = encode.ALU;

/** No duty, and system calls leave it alone. */
const KEPT = REGISTERS.r12;

/** System V ABI: the first argument of a C function. */
const FIRST_C_ARGUMENT = REGISTERS.rdi;

export const backend = {
  arch: "x64",
  machine: 62, // EM_X86_64
  pageBytes: 0x1000,
  imageBias: 0x80,
  registers: ROLES,
  readOnlyBytes: Array.from({ length: 16 }, (_, register) => (register < 8 ? 5 : 6)),
  syscalls: syscallsX64,

  enter(out, baseAddress) {
    if (baseAddress === undefined) encode.alu(out, mov, base, FIRST_C_ARGUMENT);
    else encode.movImm32(out, base, baseAddress);
    encode.clear(out, counter);
  },

  /** System V ABI, "Process initialization": rdx is a function for atexit(3). */
  keepHanded(out) {
    encode.alu(out, mov, KEPT, rdx);
    encode.clear(out, counter);
  },

  resume(out, address) {
    encode.alu(out, mov, rdx, KEPT);
    encode.movImm32(out, result, address);
    encode.jmpRegister(out, result);
  },

  storeStackPointer(out, slots, displacement) {
    encode.store(out, rsp, slots, displacement, 8);
  },

  loadConstant(out, into, value) {
    if (value === 0) encode.clear(out, into);
    else if (typeof value === "bigint") encode.movImm64(out, into, value);
    else if (value > 0 && value <= 0x7f) encode.leaSmall(out, into, value);
    else if (value > 0 && value <= 0xffff_ffff) encode.movImm32(out, into, value);
    else if (encode.isInt8(value)) encode.lea(out, into, zero, value);
    else if (encode.isInt32(value)) encode.movSignedImm32(out, into, value);
    else encode.movImm64(out, into, value);
  },

  /** The address of anything in an image is below 2 GiB. */
  loadReadOnly: encode.movImm32,

  loadAddress(out, into, slots, displacement, address) {
    if (address === undefined) encode.lea(out, into, slots, displacement);
    else if (encode.isInt8(displacement)) encode.lea32(out, into, slots, displacement);
    else encode.movImm32(out, into, address);
  },

  load: encode.load,
  store: encode.store,

  compute(out, operation) {
    switch (operation) {
      case "add":
        encode.alu(out, add, left, right);
        break;
      case "subtract":
        encode.alu(out, sub, left, right);
        break;
      case "and":
        encode.alu(out, and, left, right);
        break;
      case "or":
        encode.alu(out, or, left, right);
        break;
      case "shiftLeft":
        encode.shiftByCl(out, "left", left);
        break;
      case "shiftRight":
        encode.shiftByCl(out, "right", left);
        break;
      case "divide":
        encode.clear(out, rdx);
        encode.div(out, right);
        break;
      case "remainder":
        encode.clear(out, rdx);
        encode.div(out, right);
        encode.alu(out, mov, left, rdx);
        break;
    }
  },

  compareAndJump(out, first, comparison, second, to) {
    encode.alu(out, cmp, first, second);
    out.jump(encode.JCC[comparison], to);
  },

  jump(out, to) {
    out.jump(encode.JMP, to);
  },

  systemCall: encode.syscall,

  jumpOnError(out, to) {
    encode.alu(out, test, result, result);
    out.jump(encode.JCC.negative, to);
  },

  jumpOnErrno(out, errno, to) {
    encode.cmpImmediate(out, result, -errno);
    out.jump(encode.JCC.equal, to);
  },

  count(out, amount) {
    if (amount === 1) encode.inc32(out, counter);
    else encode.addImmediate32(out, counter, amount);
  },

  negateResult(out) {
    encode.neg(out, result);
  },
} as const satisfies Backend<Register>;
