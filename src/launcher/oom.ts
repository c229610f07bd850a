/**
 * Makes a process one of the first to go when memory runs out: raises its oom_score_adj, and never lowers it.
 *
 * The kernel lets everybody raise it, and lower it again to a minimum that only CAP_SYS_RESOURCE in the initial user namespace
 * changes: it becomes what such a process writes (fs/proc/base.c, __set_oom_adj). So a launcher does it for itself, and whoever
 * starts a sandbox as root does it before, from outside, for the minimum.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html
 * @module
 */
import { branch, buffer, compute, flags, jump, label, load, set, slot } from "../ir/build.ts";
import { AT_FDCWD, call, close, described, write } from "../ir/calls.ts";
import type { Op, Operand } from "../ir/op.ts";
import { O_CLOEXEC, O_RDWR } from "../linux/file.ts";
import { format, formattedLength } from "./format.ts";

const fd = slot("oom file");
const size = slot("oom bytes");
const at = slot("oom cursor");
const end = slot("oom end");
const digit = slot("oom digit");
const score = slot("oom score");
const text = buffer("oom text", 32);

const DIGIT_0 = "0".charCodeAt(0);
const DIGIT_9 = "9".charCodeAt(0);

/** The number in front of the newline; 0 for a negative one, which is less than any that is wanted. */
const readScore = (name: string): readonly Op[] => [
  set(score, 0),
  set(at, text),
  compute(end, text, "add", size),
  label(`${name}: digit`),
  branch(at, "equal", end, `${name}: read`),
  load(digit, at, 0, 1),
  branch(digit, "less", DIGIT_0, `${name}: read`),
  branch(digit, "greater", DIGIT_9, `${name}: read`),
  compute(digit, digit, "subtract", DIGIT_0),
  // score × 10, from the two operations there are.
  compute(size, score, "shiftLeft", 1),
  compute(score, score, "shiftLeft", 3),
  compute(score, score, "add", size),
  compute(score, score, "add", digit),
  compute(at, at, "add", 1),
  jump(`${name}: digit`),
  label(`${name}: read`),
];

export interface OomScore {
  /** Of the process's file in /proc. */
  readonly path: Operand;
  /** What an error calls it. */
  readonly shown: string;
  readonly atLeast: Operand;
}

/** `name` keeps the labels of several uses apart. */
export const raiseOomScore = (name: string, { path, shown, atLeast }: OomScore): readonly Op[] => [
  described(call("openat", [AT_FDCWD, path, flags({ O_RDWR, O_CLOEXEC }), 0], fd), `open(${JSON.stringify(shown)})`),
  call("read", [fd, text, 16], size),
  ...readScore(name),
  branch(score, "greaterOrEqual", atLeast, `${name}: high enough`),
  set(score, atLeast),
  label(`${name}: high enough`),
  // Also where it is what it was: the minimum may not be.
  ...format(text, `${name}: format`, { decimal: score }),
  described(write(fd, text, formattedLength), `write(${JSON.stringify(shown)})`),
  close(fd),
];
