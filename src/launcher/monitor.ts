/**
 * What is left outside of a self-contained sandbox: it waits for init, hands signals on, stops and continues with the payload.
 *
 * It holds the writing end of the lifeline: when it is killed, init ends everything.
 * @module
 */
import { branch, buffer, jump, label, load, set, slot } from "../ir/build.ts";
import { call, closeRange, exitGroup, ignoring } from "../ir/calls.ts";
import type { Op } from "../ir/op.ts";
import type { Program } from "../ir/program.ts";
import { EXIT, SIGNALS, WNOHANG } from "../linux/process.ts";
import { RECORD, RECORD_KINDS } from "./layout.ts";
import {
  blockSignals,
  exitCodeOf,
  openSignalfd,
  POLL,
  poll,
  polled,
  readSignal,
  received,
  waitFor,
} from "./signals.ts";

export const initPid = slot("init pid");
const signalFd = slot("signalfd");
const statusFd = slot("status");
const exitCode = slot("exit code");
const ready = slot("ready");
const record = buffer("record", RECORD.sizeBytes);

/**
 * Signals of the terminal's (Ctrl-C, Ctrl-Z, a new size) are sent by the kernel to every process of the foreground group, to the
 * payload too. Only what a process sent to us alone is handed on.
 */
const forward = (): readonly Op[] => [
  branch(received.signal, "equal", SIGNALS.CHLD, "monitor: next signal"),
  branch(received.code, "greater", 0, "monitor: next signal"),
  // The pid cannot mean somebody else: init is our child and we have not waited for it yet.
  ignoring(call("kill", [initPid, received.signal])),
];

// Every way back leads through the reaping: the SIGCHLD that announced init's end may be read already.
/** The payload stopped, so that whoever started us must see us stop too; SIGCONT reaches it through {@link forward}. */
const followStop = (): readonly Op[] => [
  label("monitor: status"),
  ignoring(call("read", [statusFd, record, RECORD.sizeBytes], ready)),
  branch(ready, "lessOrEqual", 0, "monitor: status ended"),
  load(ready, record, 0, 4),
  branch(ready, "notEqual", RECORD_KINDS.stopped, "monitor: reap"),
  call("getpid", [], ready),
  ignoring(call("kill", [ready, SIGNALS.STOP])),
  jump("monitor: reap"),
  // Init is on its way out. ppoll takes a negative descriptor as one that never has anything to say.
  label("monitor: status ended"),
  set(statusFd, -1),
  jump("monitor: reap"),
];

/** Waits for init and exits as the payload did. Signals are blocked since before init was made, so that no SIGCHLD is lost. */
export const runMonitor = (): readonly Op[] => [
  closeRange(0, 2),
  openSignalfd(signalFd),
  label("monitor: reap"),
  ...waitFor(initPid, WNOHANG, 0, "monitor: loop"),
  ...exitCodeOf(exitCode, "monitor: loop", "monitor: exited"),
  exitGroup(exitCode),
  label("monitor: loop"),
  ...poll({ fd: signalFd, events: POLL.data }, { fd: statusFd, events: POLL.data }),
  label("monitor: next signal"),
  ...readSignal(signalFd, "monitor: signals read"),
  ...forward(),
  jump("monitor: next signal"),
  label("monitor: signals read"),
  polled(1, ready),
  branch(ready, "notEqual", 0, "monitor: status"),
  jump("monitor: reap"),
  ...followStop(),
];

/** Where the monitor keeps its two pipes; everything else that it inherited is closed. */
export const MONITOR_FDS = { status: 3, lifeline: 4, above: 5 } as const;

export interface MonitorOptions {
  readonly initPid: number;
  /** Reading end of the status pipe and writing end of the lifeline, both `MONITOR_FDS.above` or higher. */
  readonly status: number;
  readonly lifeline: number;
}

/** The monitor as a program of its own, for a supervisor to turn into. */
export const monitorProgram = ({ initPid: pid, status, lifeline }: MonitorOptions): Program => ({
  shape: "image",
  onFail: "monitor: failed",
  slots: [],
  ops: [
    set(initPid, pid),
    set(statusFd, MONITOR_FDS.status),
    blockSignals(),
    call("dup3", [status, MONITOR_FDS.status, 0]),
    call("dup3", [lifeline, MONITOR_FDS.lifeline, 0]),
    closeRange(MONITOR_FDS.above, 0xffffffff),
    ...runMonitor(),
    label("monitor: failed"),
    exitGroup(EXIT.failed),
  ],
});
