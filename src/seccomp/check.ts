/**
 * What the kernel demands of a filter before it takes it: `bpf_check_classic` and `check_load_and_stores` of net/core/filter.c, and
 * `seccomp_check_filter` of kernel/seccomp.c.
 * @module
 */
import { ALU, CLASS, INSTRUCTIONS_MAX, JUMP, LOAD, MEMORY_WORDS, MISC, RETURN, SOURCE } from "../linux/bpf.ts";
import { SECCOMP_DATA } from "../linux/seccomp.ts";
import type { Instruction } from "./instruction.ts";

const { LD, LDX, ST, STX, JMP, RET } = CLASS;

const SHIFT_BITS = 32;

const withBothSources = (kind: number, operations: readonly number[]): readonly number[] =>
  operations.flatMap((operation) => [kind | operation | SOURCE.K, kind | operation | SOURCE.X]);

const { NEG, ...BINARY } = ALU;
const { JA, ...CONDITIONAL } = JUMP;

const ABSOLUTE_LOAD = LD | LOAD.W | LOAD.ABS;
const MEMORY_LOADS: readonly number[] = [LD | LOAD.MEM, LDX | LOAD.MEM];
const STORES: readonly number[] = [ST, STX];
const CONDITIONAL_JUMPS = withBothSources(JMP, Object.values(CONDITIONAL));

/** All that seccomp lets through of the instruction set. */
const ALLOWED: ReadonlySet<number> = new Set([
  ABSOLUTE_LOAD,
  LD | LOAD.LEN,
  LDX | LOAD.LEN,
  LD | LOAD.IMM,
  LDX | LOAD.IMM,
  ...MEMORY_LOADS,
  ...STORES,
  RET | RETURN.K,
  RET | RETURN.A,
  ...withBothSources(CLASS.ALU, Object.values(BINARY)),
  CLASS.ALU | NEG,
  CLASS.MISC | MISC.TAX,
  CLASS.MISC | MISC.TXA,
  JMP | JA,
  ...CONDITIONAL_JUMPS,
]);

/** What is wrong with a program, in the order of its instructions; nothing for one that the kernel takes. */
export const problemsOf = (program: readonly Instruction[]): readonly string[] => {
  if (program.length === 0) return ["it has no instruction"];
  const tooLong = program.length > INSTRUCTIONS_MAX ? [`it has more than ${INSTRUCTIONS_MAX} instructions`] : [];
  const last = program.at(-1);
  const openEnd = last !== undefined && (last.code & 0x07) !== RET ? ["it does not end with a return"] : [];
  const single = program.flatMap((instruction, at) => problemOf(instruction, at, program.length));
  return [...tooLong, ...single, ...(single.length === 0 ? memoryProblems(program) : []), ...openEnd];
};

/** Whether the kernel can evaluate an instruction for its cache of calls that are always allowed (`seccomp_is_const_allow`, Linux 5.11). */
export const isCacheable = ({ code, k }: Instruction): boolean => {
  if (code === ABSOLUTE_LOAD) return k === SECCOMP_DATA.nr || k === SECCOMP_DATA.arch;
  return [
    RET | RETURN.K,
    JMP | JA,
    CLASS.ALU | ALU.AND,
    ...Object.values(CONDITIONAL).map((test) => JMP | test),
  ].includes(code);
};

// --- internal ---

const problemOf = ({ code, yes, no, k }: Instruction, at: number, length: number): readonly string[] => {
  const say = (text: string): readonly string[] => [`instruction ${at}: ${text}`];
  if (!ALLOWED.has(code)) return say(`code 0x${code.toString(16)} is not for seccomp`);
  if (code === ABSOLUTE_LOAD && (k >= SECCOMP_DATA.sizeBytes || k % 4 !== 0)) return say(`loads from offset ${k}`);
  if ((MEMORY_LOADS.includes(code) || STORES.includes(code)) && k >= MEMORY_WORDS) return say(`uses memory word ${k}`);
  if (code === (CLASS.ALU | ALU.DIV) && k === 0) return say("divides by 0");
  if ([CLASS.ALU | ALU.LSH, CLASS.ALU | ALU.RSH].includes(code as never) && k >= SHIFT_BITS)
    return say(`shifts by ${k}`);
  const furthest = code === JMP ? k : CONDITIONAL_JUMPS.includes(code) ? Math.max(yes, no) : 0;
  return at + 1 + furthest >= length && (code & 0x07) === JMP ? say("jumps behind the end") : [];
};

/** A word of memory may be read only where every way to it has written it. */
const memoryProblems = (program: readonly Instruction[]): readonly string[] => {
  const everything = 2 ** MEMORY_WORDS - 1;
  const written = new Array<number>(program.length).fill(everything);
  let valid = 0;
  const problems: string[] = [];
  for (const [at, { code, yes, no, k }] of program.entries()) {
    valid &= written[at] ?? 0;
    const flowsTo = (offset: number): void => {
      written[at + 1 + offset] = (written[at + 1 + offset] ?? 0) & valid;
    };
    if (STORES.includes(code)) valid |= 1 << k;
    else if (MEMORY_LOADS.includes(code) && (valid & (1 << k)) === 0)
      problems.push(`instruction ${at}: reads memory word ${k}, which may not be written`);
    else if (code === (JMP | JA)) flowsTo(k);
    else if (CONDITIONAL_JUMPS.includes(code)) for (const offset of [yes, no]) flowsTo(offset);
    if ((code & 0x07) === JMP) valid = everything;
  }
  return problems;
};
