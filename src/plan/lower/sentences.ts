/**
 * How an executable without a supervisor says what went wrong: it carries the sentences.
 * @module
 */
import { commandNotFound, notExecutable, stdioRefused } from "../../errors/command.ts";
import { branch, compute, jump, label, load, set, slot, text, vector } from "../../ir/build.ts";
import { exitGroup, ignoring, write } from "../../ir/calls.ts";
import type { Op, Operand } from "../../ir/op.ts";
import { MACHINE_SLOTS } from "../../ir/program.ts";
import { errnoName, errnos, errnoText } from "../../linux/errno.ts";
import { EXIT } from "../../linux/process.ts";
import type { Plan } from "../plan.ts";
import { launchFailed } from "./launcher.ts";

const { failedOp, failedErrno } = MACHINE_SLOTS;
const STDERR = 2;
const ERRNO_MAX = Math.max(...Object.values(errnos));

const address = slot("sentence");
const length = slot("sentence length");

/** Two words a text: its address and its length. An index that has none says nothing. */
const table = (texts: readonly string[]): Operand =>
  vector(...texts.flatMap((line) => [text(line), Buffer.byteLength(line)]));

/** Writes the text at `index`. What cannot be written is lost: there is nobody else to tell. */
const writeFrom = (texts: readonly string[], index: Operand): readonly Op[] => [
  compute(address, index, "shiftLeft", 4),
  compute(address, address, "add", table(texts)),
  load(length, address, 8, 8),
  load(address, address, 0, 8),
  ignoring(write(STDERR, address, length)),
];

const say = (line: string): Op => ignoring(write(STDERR, text(line), Buffer.byteLength(line)));

const PREFIX = "bunker: error: ";

const sentenceOf = (op: Op): string => {
  if (op.kind === "fail") return op.origin.sentence;
  if (op.kind !== "syscall") return "";
  return op.origin ? `${op.origin.plugin}: ${op.origin.sentence}` : `bunker: ${op.name}()`;
};

const isExec = (op: Op): boolean =>
  "origin" in op && op.origin?.phase === "exec" && op.origin.sentence.startsWith("execve");

const stdioLines = (): readonly Op[] => [
  branch(failedErrno, "equal", errnos.EISDIR, "say: directory"),
  say(stdioRefused("", "a block device\n").message),
  exitGroup(EXIT.failed),
  label("say: directory"),
  say(stdioRefused("", "a directory\n").message),
  exitGroup(EXIT.failed),
];

/** The words of errors/command.ts, with the statuses that a shell has for them. */
const execLines = (command: string): readonly Op[] => [
  branch(failedErrno, "equal", errnos.ENOENT, "say: not found"),
  say(notExecutable(command, "").message),
  ...writeFrom(
    Array.from({ length: ERRNO_MAX + 1 }, (_, errno) => `${errnoText(errno)}\n`),
    failedErrno,
  ),
  set(launchFailed, EXIT.notExecutable),
  exitGroup(launchFailed),
  label("say: not found"),
  say(`${commandNotFound(command).message}\n`),
  set(launchFailed, EXIT.notFound),
  exitGroup(launchFailed),
];

/**
 * `bunker: error: rootfs: open_tree("/data"): ENOENT, no such file or directory`, on standard error. `launchFailed` is shared with
 * init where the payload's process failed.
 */
export const failWithSentence = (plan: Plan, ops: readonly Op[]): readonly Op[] => {
  const firstExec = ops.findIndex(isExec);
  const firstAfterExec = ops.findLastIndex(isExec) + 1;
  const [command = ""] = plan.command;
  return [
    set(launchFailed, EXIT.failed),
    say(PREFIX),
    branch(failedOp, "less", firstExec, "say: call"),
    branch(failedOp, "greaterOrEqual", firstAfterExec, "say: call"),
    ...execLines(command),
    label("say: call"),
    ...writeFrom(ops.map(sentenceOf), failedOp),
    ...stdioCheck(ops),
    ...writeFrom(
      Array.from({ length: ERRNO_MAX + 1 }, (_, errno) => `: ${errnoName(errno)}, ${errnoText(errno)}\n`),
      failedErrno,
    ),
    exitGroup(launchFailed),
  ];
};

/** A stream that is no stream has no errno to tell, but what it is. */
const stdioCheck = (ops: readonly Op[]): readonly Op[] => {
  const failing = ops.flatMap((op, index) => (op.kind === "fail" && op.origin.phase === "release" ? [index] : []));
  return [
    ...failing.map((index) => branch(failedOp, "equal", index, "say: stream")),
    jump("say: errno"),
    label("say: stream"),
    ...stdioLines(),
    label("say: errno"),
  ];
};
