/**
 * Refuses programs that could not run: what is wrong here is a mistake of a plugin's or of ours, never of a user's.
 * @module
 */
import invariant from "tiny-invariant";
import type { Op, Operand } from "./op.ts";
import { MACHINE_SLOTS, type Program } from "./program.ts";

/** Calls after which control does not come back. */
const LAST_CALLS = new Set(["exit", "exit_group"]);

const operandsOf = (op: Op): readonly Operand[] => {
  switch (op.kind) {
    case "syscall":
      return op.args;
    case "set":
      return [op.value];
    case "compute":
    case "branch":
      return [op.left, op.right];
    case "load":
      return [op.base];
    case "store":
      return [op.base, op.value];
    case "fail":
      return [op.errno];
    default:
      return [];
  }
};

/** Slots whose value an operation reads. */
export const slotsRead = (op: Op): readonly string[] =>
  operandsOf(op).flatMap((operand) => (typeof operand === "object" && operand.kind === "slot" ? [operand.name] : []));

/** Slots that an operation writes, or whose address it hands to a call that may. */
export const slotsWritten = (op: Op): readonly string[] => [
  ...("into" in op && op.into !== undefined ? [op.into.name] : []),
  ...operandsOf(op).flatMap((operand) =>
    typeof operand === "object" && operand.kind === "slotAddress" ? [operand.slot] : [],
  ),
];

const targetsOf = (op: Op): readonly string[] => {
  if (op.kind === "jump" || op.kind === "branch") return [op.to];
  return op.kind === "syscall" && op.onErrno.kind === "branch" ? [op.onErrno.to] : [];
};

const ends = (op: Op | undefined): boolean =>
  op !== undefined &&
  (op.kind === "jump" ||
    op.kind === "resume" ||
    op.kind === "fail" ||
    (op.kind === "syscall" && LAST_CALLS.has(op.name)));

/** Checks labels, slots, argument counts and the end of the program. @throws invariant violation */
export const verify = (program: Program): Program => {
  const labels = program.ops.flatMap((op) => (op.kind === "label" ? [op.name] : []));
  invariant(
    new Set(labels).size === labels.length,
    `labels are unique: ${labels.filter((name, at) => labels.indexOf(name) !== at)}`,
  );

  const known = new Set(labels);
  invariant(known.has(program.onFail), `the failure label ${program.onFail} exists`);
  const written = new Set([...program.slots, ...Object.values(MACHINE_SLOTS)].map(({ name }) => name));
  for (const op of program.ops) for (const name of slotsWritten(op)) written.add(name);

  for (const [index, op] of program.ops.entries()) {
    for (const target of targetsOf(op)) invariant(known.has(target), `op ${index}: label ${target} exists`);
    for (const name of slotsRead(op)) invariant(written.has(name), `op ${index}: slot ${name} is written somewhere`);
    if (op.kind === "syscall") invariant(op.args.length <= 6, `op ${index}: ${op.name} takes at most six arguments`);
  }
  const resumes = program.ops.some(({ kind }) => kind === "resume");
  invariant(resumes === (program.resumeAt !== undefined), "a program that resumes another one knows where");
  invariant(resumes === (program.shape === "front"), "a front, and nothing else, resumes another program");
  invariant(ends(program.ops.at(-1)), "the last op exits, fails or jumps");
  return program;
};
