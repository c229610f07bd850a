/**
 * Errors of the launch: a system call failed on the way into the sandbox.
 * @module
 */
import { BunkerError } from "../errors.ts";
import { errnoName, errnoText } from "../linux/errno.ts";
import { SIGNALS } from "../linux/process.ts";
import { type HostFacts, hintFor } from "./hints.ts";
import { printable } from "./text.ts";

export interface FailedStep {
  /** Who asked for the operation. */
  readonly plugin: string;
  readonly phase: string;
  /** The call as people read it: `move_mount("/usr" → "usr")`. */
  readonly sentence: string;
  /** The name of the system call: `move_mount`. */
  readonly syscall: string;
  /** Positive. */
  readonly errno: number;
}

const codeFor = (step: FailedStep): string => {
  if (step.syscall === "clone") return "E_NAMESPACES";
  if (step.syscall === "fsmount" && /\bproc/.test(step.sentence)) return "E_MOUNT_PROC";
  if (step.phase === "landlock") return "E_LANDLOCK";
  return errnoName(step.errno) === "ENOSYS" ? "E_KERNEL_TOO_OLD" : "E_LAUNCH";
};

/** `rootfs: move_mount("/usr" → "usr"): EPERM, operation not permitted`, with a hint that fits this host. */
export const launchFailed = (step: FailedStep, facts: HostFacts): BunkerError =>
  new BunkerError({
    code: codeFor(step),
    message: `${step.plugin}: ${printable(step.sentence)}: ${errnoName(step.errno)}, ${errnoText(step.errno)}`,
    hint: hintFor(step, facts),
    details: { ...step, errnoName: errnoName(step.errno) },
  });

/** The launcher itself gave up: its sentence is all there is to say. */
export const launcherRefused = (step: FailedStep, facts: HostFacts): BunkerError =>
  new BunkerError({
    code: codeFor(step),
    message: printable(step.sentence),
    hint: hintFor(step, facts),
    details: { ...step, errnoName: errnoName(step.errno) },
  });
const DEATHS: Readonly<Record<number, string>> = {
  [SIGNALS.KILL]: "somebody killed it, or memory ran out: dmesg tells",
  [SIGNALS.SYS]: "a seccomp filter ended it: its profile must allow execve, write and exit_group",
};

/** The sandbox ended before it said anything: killed from outside, or out of memory. */
export const launcherDied = (signal: number | undefined): BunkerError =>
  new BunkerError({
    code: "E_LAUNCHER_DIED",
    message: `the sandbox ended before its program started${signal === undefined ? "" : `, by signal ${signal}`}`,
    hint: signal === undefined ? undefined : DEATHS[signal],
    details: { signal },
  });
