/**
 * A filter as people read it: one instruction a line, jumps with where they lead to.
 * @module
 */
import { ALU, CLASS, JUMP, LOAD, MISC, RETURN, SOURCE } from "../linux/bpf.ts";
import { AUDIT_ARCH, AUDIT_ARCH_NAMES, SECCOMP_DATA } from "../linux/seccomp.ts";
import { nameOf } from "../linux/syscall-tables.ts";
import type { Arch } from "../linux/syscalls.ts";
import { decodeAction, printAction } from "./action.ts";
import type { Instruction } from "./instruction.ts";

export interface Line {
  readonly index: number;
  /** `ld`, `jeq` */
  readonly mnemonic: string;
  readonly operands: string;
  /** What the instruction looks at or answers, in words. */
  readonly comment: string;
}

/** The lines of a program of any origin; what is no instruction is shown as a number. */
export const disassemble = (program: readonly Instruction[]): readonly Line[] => {
  const arch = archOf(program);
  const words = heldWords(program);
  return program.map((instruction, index) => ({
    index,
    ...printInstruction(instruction, index),
    comment: commentOn(instruction, words[index], arch),
  }));
};

// --- internal ---

type Text = Pick<Line, "mnemonic" | "operands">;

/** The architecture that a filter compares with, to name its calls by. */
const archOf = (program: readonly Instruction[]): Arch | undefined =>
  (Object.keys(AUDIT_ARCH) as Arch[]).find((arch) =>
    program.some(({ code, k }) => code === (CLASS.JMP | JUMP.JEQ) && k === AUDIT_ARCH[arch]),
  );

const hex = (value: number): string => (value < 10 ? String(value) : `0x${value.toString(16)}`);

const nameIn = (names: object, value: number): string | undefined =>
  Object.entries(names)
    .find(([, number]) => number === value)?.[0]
    .toLowerCase();

const printInstruction = (instruction: Instruction, index: number): Text => {
  const { code, k } = instruction;
  switch (code & 0x07) {
    case CLASS.LD:
    case CLASS.LDX:
      return printLoad(instruction);
    case CLASS.ST:
    case CLASS.STX:
      return { mnemonic: (code & 0x07) === CLASS.ST ? "st" : "stx", operands: `M[${k}]` };
    case CLASS.ALU:
      return printAlu(instruction);
    case CLASS.JMP:
      return printJump(instruction, index);
    case CLASS.RET:
      return { mnemonic: "ret", operands: (code & 0x18) === RETURN.A ? "a" : hex(k) };
    default:
      return { mnemonic: nameIn(MISC, code & 0xf8) ?? "?", operands: "" };
  }
};

const printLoad = ({ code, k }: Instruction): Text => {
  const mnemonic = (code & 0x07) === CLASS.LD ? "ld" : "ldx";
  switch (code & 0xe0) {
    case LOAD.IMM:
      return { mnemonic, operands: `#${hex(k)}` };
    case LOAD.MEM:
      return { mnemonic, operands: `M[${k}]` };
    case LOAD.LEN:
      return { mnemonic, operands: "#len" };
    default:
      return { mnemonic, operands: `[${k}]` };
  }
};

const source = ({ code, k }: Instruction): string => ((code & SOURCE.X) === 0 ? `#${hex(k)}` : "x");

const printAlu = (instruction: Instruction): Text => {
  const operation = instruction.code & 0xf0;
  const operands = operation === ALU.NEG ? "" : source(instruction);
  return { mnemonic: nameIn(ALU, operation) ?? "?", operands };
};

const printJump = (instruction: Instruction, index: number): Text => {
  const { code, yes, no, k } = instruction;
  const target = (offset: number): string => String(index + 1 + offset).padStart(4, "0");
  const mnemonic = nameIn(JUMP, code & 0xf0) ?? "?";
  if ((code & 0xf0) === JUMP.JA) return { mnemonic, operands: target(k) };
  return { mnemonic, operands: `${source(instruction)}, ${target(yes)}, ${target(no)}` };
};

/** What the accumulator holds before each instruction, where every way to it agrees: the offset of a load. */
const heldWords = (program: readonly Instruction[]): readonly (number | undefined)[] => {
  const held: (number | undefined | "unseen")[] = program.map(() => "unseen");
  const flow = (to: number, word: number | undefined): void => {
    if (to >= program.length) return;
    held[to] = held[to] === "unseen" || held[to] === word ? word : undefined;
  };
  for (const [at, { code, yes, no, k }] of program.entries()) {
    const before = held[at] === "unseen" ? undefined : (held[at] as number | undefined);
    const kind = code & 0x07;
    if (kind === CLASS.RET) continue;
    if (kind === CLASS.JMP)
      for (const offset of (code & 0xf0) === JUMP.JA ? [k] : [yes, no]) flow(at + 1 + offset, before);
    else flow(at + 1, heldAfter(code, k, before));
  }
  return held.map((word) => (word === "unseen" ? undefined : word));
};

const heldAfter = (code: number, k: number, before: number | undefined): number | undefined => {
  switch (code & 0x07) {
    case CLASS.LD:
      return (code & 0xe0) === LOAD.ABS ? k : undefined;
    case CLASS.ALU:
      return undefined;
    case CLASS.MISC:
      return (code & 0xf8) === MISC.TXA ? undefined : before;
    default:
      return before;
  }
};

/** `syscall`, `arch`, `arg0`, `arg0 high`. */
const wordName = (offset: number): string => {
  if (offset === SECCOMP_DATA.nr) return "syscall";
  if (offset === SECCOMP_DATA.arch) return "arch";
  if (offset < SECCOMP_DATA.args)
    return `instruction pointer${offset === SECCOMP_DATA.instructionPointer ? "" : " high"}`;
  return `arg${Math.floor((offset - SECCOMP_DATA.args) / 8)}${offset % 8 === 0 ? "" : " high"}`;
};

const commentOn = (instruction: Instruction, word: number | undefined, arch: Arch | undefined): string => {
  const { code, k } = instruction;
  if ((code & 0x07) === CLASS.RET) return (code & 0x18) === RETURN.A ? "" : printAction(decodeAction(k));
  if (code === (CLASS.LD | LOAD.ABS)) return wordName(k);
  const comparesNumber = (code & 0x07) === CLASS.JMP && (code & SOURCE.X) === 0 && (code & 0xf0) !== JUMP.JA;
  if (!comparesNumber) return "";
  if (word === SECCOMP_DATA.arch) return AUDIT_ARCH_NAMES[k] ?? "";
  return word === SECCOMP_DATA.nr && arch !== undefined ? (nameOf(k, arch) ?? "") : "";
};
