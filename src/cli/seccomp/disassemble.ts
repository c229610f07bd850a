/**
 * `bunker seccomp disassemble FILE`: any raw filter, with where its jumps lead to and what the kernel would say to it.
 * @module
 */
import { filterMissing, filterNotWhole, filterUnreadable } from "../../errors/seccomp.ts";
import { INSTRUCTIONS_MAX, SOCK_FILTER_BYTES } from "../../linux/bpf.ts";
import { problemsOf } from "../../seccomp/check.ts";
import { type Line, disassemble as toLines } from "../../seccomp/disassemble.ts";
import { decodeInstructions, type Instruction } from "../../seccomp/instruction.ts";
import { actionStyle, type Cell, painter, table } from "./paint.ts";
import { atMost, type Words } from "./words.ts";

/** More than the kernel takes, to be able to say so. */
const BYTES_MAX = 16 * INSTRUCTIONS_MAX * SOCK_FILTER_BYTES;

export const disassemble = async (words: Words): Promise<void> => {
  atMost("disassemble", words, 1);
  const [file] = words.words;
  if (file === undefined) throw filterMissing();
  const bytes = await read(file);
  const program = decodeInstructions(bytes);
  if (program === undefined || program.length === 0) throw filterNotWhole(file, bytes.length, SOCK_FILTER_BYTES);
  const problems = problemsOf(program);
  console.log(words.has("json") ? JSON.stringify(toJson(program, problems), undefined, 2) : toText(program, problems));
};

// --- internal ---

const read = async (file: string): Promise<Uint8Array> => {
  const source = file === "-" ? Bun.stdin : Bun.file(file);
  try {
    if (file !== "-" && source.size > BYTES_MAX) throw filterUnreadable(file, "is larger than any filter");
    return await source.bytes();
  } catch (error) {
    throw error instanceof Error && "code" in error && "syscall" in error
      ? filterUnreadable(file, error.message)
      : error;
  }
};

const toJson = (program: readonly Instruction[], problems: readonly string[]): Record<string, unknown> => ({
  instructions: toLines(program).map((line, index) => ({ ...line, raw: program[index] })),
  problems,
});

const rowOf = ({ index, mnemonic, operands, comment }: Line): readonly Cell[] => [
  { text: String(index).padStart(4, "0"), style: "dim" },
  { text: mnemonic },
  { text: operands },
  {
    text: comment,
    ...(mnemonic === "ret" && comment !== "" ? { style: actionStyle(comment) } : { style: "dim" as const }),
  },
];

const toText = (program: readonly Instruction[], problems: readonly string[]): string => {
  const paint = painter();
  const notes = problems.map((problem) => paint("red", `the kernel would refuse it: ${problem}`));
  return [table(toLines(program).map(rowOf), paint), ...notes].join("\n");
};
