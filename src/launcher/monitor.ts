/**
 * What is left outside of a self-contained sandbox: it waits for init, hands signals on, stops and continues with the payload.
 *
 * It holds the writing end of the lifeline: when it is killed, init ends everything.
 * @module
 */
import { branch, buffer, jump, label, load, set, slot } from "../ir/build.ts";
import { call, closeRange, exitGroup, ignoring } from "../ir/calls.ts";
import type { Op, SyscallOp } from "../ir/op.ts";
import type { Program } from "../ir/program.ts";
import { EXIT, SIGNALS, WNOHANG } from "../linux/process.ts";
import { RECORD, RECORD_KINDS } from "./layout.ts";
import {
  askTerminal,
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

const signalFd = slot("signalfd");
const statusFd = slot("status");
const exitCode = slot("exit code");
/** 0 where standard input is a terminal, an errno otherwise. */
const notTerminal = slot("not a terminal");
const ready = slot("ready");
const record = buffer("record", RECORD.sizeBytes);

/**
 * Signals of the terminal's (Ctrl-C, Ctrl-Z, a new size) are sent by the kernel to every process of the foreground group: to the
 * payload too where standard input is that terminal, and then only what a process sent is handed on. Otherwise the payload has a
 * session of its own and hears nothing but what it gets from here.
 */
const forward = (send: SyscallOp): readonly Op[] => [
  branch(received.signal, "equal", SIGNALS.CHLD, "monitor: next signal"),
  branch(notTerminal, "notEqual", 0, "monitor: hand on"),
  // The end of a terminal is told to its session's leader alone, which may be us.
  branch(received.signal, "equal", SIGNALS.HUP, "monitor: hand on"),
  branch(received.code, "greater", 0, "monitor: next signal"),
  label("monitor: hand on"),
  ignoring(send),
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

/**
 * Waits for init, its only child, and exits as the payload did. `send` hands the received signal to init.
 * Signals are blocked since before init was made, so that no SIGCHLD is lost.
 */
export const runMonitor = (send: SyscallOp): readonly Op[] => [
  ...askTerminal(notTerminal),
  closeRange(0, 2),
  openSignalfd(signalFd),
  label("monitor: reap"),
  ...waitFor(-1, WNOHANG, 0, "monitor: loop"),
  ...exitCodeOf(exitCode, "monitor: loop", "monitor: exited"),
  exitGroup(exitCode),
  label("monitor: loop"),
  ...poll({ fd: signalFd, events: POLL.data }, { fd: statusFd, events: POLL.data }),
  label("monitor: next signal"),
  ...readSignal(signalFd, "monitor: signals read"),
  ...forward(send),
  jump("monitor: next signal"),
  label("monitor: signals read"),
  polled(1, ready),
  branch(ready, "notEqual", 0, "monitor: status"),
  jump("monitor: reap"),
  ...followStop(),
];

/** Where the monitor finds what it works with; everything else that it inherited is closed. */
export const MONITOR_FDS = {
  status: 3,
  lifeline: 4,
  init: 5,
  /** The lock of the sandbox's ids, which is held and no more; closed where there is none. */
  ids: 6,
  above: 7,
} as const;

/** The monitor as a program of its own, for a supervisor to turn into: the same bytes for every sandbox. */
export const monitorProgram = (): Program => ({
  shape: "image",
  onFail: "monitor: failed",
  slots: [],
  ops: [
    set(statusFd, MONITOR_FDS.status),
    blockSignals(),
    closeRange(MONITOR_FDS.above, 0xffffffff),
    ...runMonitor(call("pidfd_send_signal", [MONITOR_FDS.init, received.signal, 0, 0])),
    label("monitor: failed"),
    exitGroup(EXIT.failed),
  ],
});
