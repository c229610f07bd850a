/**
 * PID 1 of the sandbox: what the launcher becomes once the payload runs.
 *
 * It reaps every orphan, hands signals from outside on to the payload, reports how the payload ended, and ends the whole
 * sandbox by its own exit: the kernel then kills every process of the PID namespace (pid_namespaces(7)).
 *
 * Why the lifeline and not only a parent-death signal: that one is armed late, is cleared by changes of identity, and belongs
 * to a thread; a pipe is at its end exactly when nobody holds its other end.
 * @module
 */
import { branch, compute, constant, jump, label, set, slot } from "../ir/build.ts";
import { call, closeRange, exitGroup, ignoring, onErrno } from "../ir/calls.ts";
import type { Op } from "../ir/op.ts";
import { EXIT, SIGNALS, WNOHANG, WUNTRACED } from "../linux/process.ts";
import { report, usageInRecord } from "./report.ts";
import { exitCodeOf, openSignalfd, POLL, poll, polled, readSignal, received, waited, waitFor } from "./signals.ts";

/** Pid of the payload in init's own namespace. */
export const payloadPid = slot("payload");
/** The reading end of the lifeline. */
export const lifelineFd = slot("lifeline");

const signalFd = slot("signalfd");
const exitCode = slot("exit code");
const ready = slot("ready");

/** What a terminal sends to its whole foreground group, and stops and continuations: a job is more than its first process. */
const TO_THE_GROUP = [SIGNALS.INT, SIGNALS.QUIT, SIGNALS.HUP, SIGNALS.STOP, SIGNALS.CONT].reduce(
  (mask, signal) => mask | (1 << signal),
  0,
);
const group = slot("group");

export interface InitOptions {
  /** In a PID namespace of the sandbox's own. */
  readonly ownPids: boolean;
  /** The payload surely leads a process group. */
  readonly ownGroup: boolean;
}

/**
 * Only what came from outside, from a process, is handed on: a signal of the terminal's has reached the payload already, and
 * one that the payload sent to PID 1 was never meant for itself.
 */
const forward = ({ ownPids, ownGroup }: InitOptions): readonly Op[] => [
  branch(received.code, "greater", 0, "init: next signal"),
  // Somebody outside has no pid in a namespace of our own; in the host's, everybody has one.
  ...(ownPids ? [branch(received.sender, "notEqual", 0, "init: next signal")] : []),
  // A payload in a session of its own is an orphaned group, which the kernel does not stop by SIGTSTP (setpgid(2), "orphaned").
  branch(received.signal, "notEqual", SIGNALS.TSTP, "init: hand on"),
  set(received.signal, SIGNALS.STOP),
  label("init: hand on"),
  compute(group, constant(TO_THE_GROUP, "{INT, QUIT, HUP, STOP, CONT}"), "shiftRight", received.signal),
  compute(group, group, "and", 1),
  branch(group, "equal", 0, "init: to the payload"),
  compute(group, 0, "subtract", payloadPid),
  // ESRCH: it leads no group, being in the caller's job.
  ownGroup
    ? ignoring(call("kill", [group, received.signal]))
    : onErrno(call("kill", [group, received.signal]), ["ESRCH"], "init: to the payload"),
  jump("init: next signal"),
  label("init: to the payload"),
  ignoring(call("kill", [payloadPid, received.signal])),
];

/**
 * The kernel would do the same at our end, after it has closed our files: with them goes the lock of the sandbox's ids, which must
 * not be somebody else's while a process of ours still has them.
 */
const endAll = (): readonly Op[] => [
  ignoring(call("kill", [-1, SIGNALS.KILL])),
  label("init: wait for all"),
  onErrno(call("wait4", [-1, 0, 0, 0]), [], "init: all gone"),
  jump("init: wait for all"),
  label("init: all gone"),
];

/** From the moment at which the payload runs. Does not come back. */
export const runInit = (options: InitOptions): readonly Op[] => {
  const usage = usageInRecord();
  return [
    ...report("started"),
    // The payload's standard streams are not held open by somebody else.
    closeRange(0, 2),
    openSignalfd(signalFd),
    ...usage.ops,
    label("init: loop"),
    ...poll({ fd: signalFd, events: POLL.data }, { fd: lifelineFd, events: POLL.end }),
    polled(1, ready),
    branch(ready, "notEqual", 0, "init: abandoned"),
    label("init: next signal"),
    ...readSignal(signalFd, "init: reap"),
    branch(received.signal, "equal", SIGNALS.CHLD, "init: next signal"),
    ...forward(options),
    jump("init: next signal"),
    // One SIGCHLD may stand for several children, so every wake-up reaps all there are.
    label("init: reap"),
    ...waitFor(-1, WNOHANG | WUNTRACED, usage.address, "init: loop"),
    branch(waited.pid, "notEqual", payloadPid, "init: reap"),
    ...exitCodeOf(exitCode, "init: stopped", "init: exited"),
    ...report("exited", waited.status),
    label("init: leave"),
    ...(options.ownPids ? endAll() : [ignoring(call("kill", [payloadPid, SIGNALS.KILL]))]),
    exitGroup(exitCode),
    label("init: stopped"),
    ...report("stopped", waited.status),
    jump("init: reap"),
    label("init: abandoned"),
    { kind: "set", into: exitCode, value: EXIT.signalBase + SIGNALS.KILL },
    jump("init: leave"),
  ];
};
