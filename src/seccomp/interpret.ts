/**
 * Runs a filter as the kernel does: net/core/filter.c, kernel/seccomp.c. All of the instruction set, for filters of others too.
 * @module
 */
import { ALU, CLASS, JUMP, LOAD, MEMORY_WORDS, MISC, RETURN, SOURCE } from "../linux/bpf.ts";
import { SECCOMP_DATA } from "../linux/seccomp.ts";
import type { Instruction } from "./instruction.ts";
import type { Call } from "./policy.ts";

export interface Outcome {
  /** What the program returned. */
  readonly value: number;
  /** The indices of the instructions that were executed, the return included. */
  readonly path: readonly number[];
}

/** `struct seccomp_data`. The instruction pointer is nobody's business here. */
export const encodeCall = ({ number, arch, args }: Call): Uint8Array => {
  const data = new Uint8Array(SECCOMP_DATA.sizeBytes);
  const view = new DataView(data.buffer);
  view.setUint32(SECCOMP_DATA.nr, number, true);
  view.setUint32(SECCOMP_DATA.arch, arch, true);
  for (const [index, value] of args.entries())
    view.setBigUint64(SECCOMP_DATA.args + 8 * index, BigInt.asUintN(64, value), true);
  return data;
};

interface Machine {
  accumulator: number;
  index: number;
  readonly memory: Uint32Array;
}

/** @throws Error for a program that the kernel would have refused (check.ts) */
export const interpret = (program: readonly Instruction[], call: Call): Outcome => {
  const data = new DataView(encodeCall(call).buffer);
  const machine: Machine = { accumulator: 0, index: 0, memory: new Uint32Array(MEMORY_WORDS) };
  const path: number[] = [];
  for (let at = 0; ; at++) {
    const instruction = program[at];
    if (instruction === undefined) throw new Error(`the program runs past its end, to instruction ${at}`);
    path.push(at);
    const kind = instruction.code & 0x07;
    if (kind === CLASS.RET) return { value: returned(instruction, machine), path };
    if (kind === CLASS.JMP) at += jumped(instruction, machine);
    else execute(instruction, machine, data);
  }
};

const returned = ({ code, k }: Instruction, { accumulator }: Machine): number =>
  (code & 0x18) === RETURN.A ? accumulator : k;

const operand = ({ code, k }: Instruction, { index }: Machine): number => ((code & SOURCE.X) === 0 ? k : index);

const jumped = (instruction: Instruction, machine: Machine): number => {
  const { code, yes, no, k } = instruction;
  const { accumulator } = machine;
  const right = operand(instruction, machine);
  switch (code & 0xf0) {
    case JUMP.JA:
      return k;
    case JUMP.JEQ:
      return accumulator === right ? yes : no;
    case JUMP.JGT:
      return accumulator > right ? yes : no;
    case JUMP.JGE:
      return accumulator >= right ? yes : no;
    case JUMP.JSET:
      return (accumulator & right) !== 0 ? yes : no;
    default:
      throw new Error(`unknown jump 0x${code.toString(16)}`);
  }
};

const execute = (instruction: Instruction, machine: Machine, data: DataView): void => {
  const { code, k } = instruction;
  switch (code & 0x07) {
    case CLASS.LD:
      machine.accumulator = loaded(instruction, machine, data);
      return;
    case CLASS.LDX:
      machine.index = loaded(instruction, machine, data);
      return;
    case CLASS.ST:
      machine.memory[k] = machine.accumulator;
      return;
    case CLASS.STX:
      machine.memory[k] = machine.index;
      return;
    case CLASS.ALU:
      machine.accumulator = computed(code & 0xf0, machine.accumulator, operand(instruction, machine));
      return;
    case CLASS.MISC:
      if ((code & 0xf8) === MISC.TAX) machine.index = machine.accumulator;
      else machine.accumulator = machine.index;
  }
};

const loaded = ({ code, k }: Instruction, { memory }: Machine, data: DataView): number => {
  switch (code & 0xe0) {
    case LOAD.IMM:
      return k;
    case LOAD.ABS:
      return data.getUint32(k, true);
    case LOAD.MEM:
      return memory[k] ?? 0;
    case LOAD.LEN:
      return SECCOMP_DATA.sizeBytes;
    default:
      throw new Error(`unknown load 0x${code.toString(16)}`);
  }
};

/** 32 bits, unsigned. A division by the index register that is 0 is one whose result is 0. */
const computed = (operation: number, left: number, right: number): number => {
  switch (operation) {
    case ALU.ADD:
      return (left + right) >>> 0;
    case ALU.SUB:
      return (left - right) >>> 0;
    case ALU.MUL:
      return Math.imul(left, right) >>> 0;
    case ALU.DIV:
      return right === 0 ? 0 : Math.floor(left / right);
    case ALU.OR:
      return (left | right) >>> 0;
    case ALU.AND:
      return (left & right) >>> 0;
    case ALU.LSH:
      return (left << right) >>> 0;
    case ALU.RSH:
      return left >>> right;
    case ALU.NEG:
      return -left >>> 0;
    case ALU.XOR:
      return (left ^ right) >>> 0;
    default:
      throw new Error(`unknown operation 0x${operation.toString(16)}`);
  }
};
