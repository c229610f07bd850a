/**
 * What is left outside of a self-contained sandbox: it waits for init, hands signals on, stops and continues with the payload, and relays
 * the standard streams that the payload may not have itself.
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
import { openRelays, outputPending, progress, RELAY_FDS, sharesTerminal } from "./relay.ts";
import { ENDING, ending, otherReady, relayRound } from "./round.ts";
import { blockSignals, exitCodeOf, openSignalfd, readSignal, received, waitFor } from "./signals.ts";
import { copySize, leaveTerminal, paused } from "./terminal.ts";

const signalFd = slot("signalfd");
const statusFd = slot("status");
const exitCode = slot("exit code");
const ready = slot("ready");
const record = buffer("record", RECORD.sizeBytes);

/** Of these the kernel sends some to whoever writes and asks where it may not: they are answered by errnos. */
const OURS = [SIGNALS.CHLD, SIGNALS.PIPE, SIGNALS.TTIN, SIGNALS.TTOU] as const;
/** None of these is a wish that somebody has of the sandbox. */
const NO_WISH = [SIGNALS.WINCH, SIGNALS.CONT] as const;

/**
 * A payload that shares the caller's terminal is in its foreground group, and hears the terminal's signals (Ctrl-C, Ctrl-Z, a new size)
 * from the kernel: only what a process sent is handed on. Every other payload has a session of its own and hears nothing but what it
 * gets from here; one with a terminal of its own learns a new size from that.
 */
const forward = (send: SyscallOp): readonly Op[] => [
  ...OURS.map((signal) => branch(received.signal, "equal", signal, "monitor: next signal")),
  branch(received.signal, "notEqual", SIGNALS.WINCH, "monitor: no new size"),
  ...copySize("new size"),
  label("monitor: no new size"),
  branch(sharesTerminal, "equal", 0, "monitor: hand on"),
  // The end of a terminal is told to its session's leader alone, which may be us.
  branch(received.signal, "equal", SIGNALS.HUP, "monitor: hand on"),
  branch(received.code, "greater", 0, "monitor: next signal"),
  label("monitor: hand on"),
  branch(ending, "notEqual", ENDING.ended, "monitor: send"),
  ...NO_WISH.map((signal) => branch(received.signal, "equal", signal, "monitor: next signal")),
  jump("monitor: leave"),
  label("monitor: send"),
  ignoring(send),
];

// Every way back leads through the reaping: the SIGCHLD that announced init's end may be read already.
/**
 * The payload stopped, so that whoever started us must see us stop too, once all is shown that it wrote; SIGCONT reaches it through
 * {@link forward}.
 */
const followStop = (): readonly Op[] => [
  label("monitor: status"),
  ignoring(call("read", [statusFd, record, RECORD.sizeBytes], ready)),
  branch(ready, "lessOrEqual", 0, "monitor: status ended"),
  load(ready, record, 0, 4),
  branch(ready, "notEqual", RECORD_KINDS.stopped, "monitor: reap"),
  set(ending, ENDING.stopping),
  jump("round"),
  label("monitor: stop"),
  set(ending, 0),
  ...leaveTerminal("stopped"),
  call("getpid", [], ready),
  ignoring(call("kill", [ready, SIGNALS.STOP])),
  jump("monitor: reap"),
  // Init is on its way out. ppoll takes a negative descriptor as one that never has anything to say.
  label("monitor: status ended"),
  set(statusFd, -1),
  jump("monitor: reap"),
];

const readSignals = (send: SyscallOp): readonly Op[] => [
  label("monitor: next signal"),
  ...readSignal(signalFd, "monitor: signals read"),
  ...forward(send),
  jump("monitor: next signal"),
  label("monitor: signals read"),
];

/**
 * Waits for init, its only child, and exits as the payload did. `send` hands the received signal to init.
 * Signals are blocked since before init was made, so that no SIGCHLD is lost.
 */
export const runMonitor = (send: SyscallOp): readonly Op[] => [
  set(paused, 0),
  ...openRelays(),
  openSignalfd(signalFd),
  label("monitor: reap"),
  branch(ending, "notEqual", 0, "round"),
  ...waitFor(-1, WNOHANG, 0, "round"),
  ...exitCodeOf(exitCode, "round", "monitor: exited"),
  set(ending, ENDING.ended),
  ...relayRound(signalFd, statusFd),
  ...readSignals(send),
  branch(ending, "notEqual", 0, "monitor: is over"),
  otherReady(ready),
  branch(ready, "notEqual", 0, "monitor: status"),
  jump("monitor: reap"),
  label("monitor: is over"),
  branch(progress, "notEqual", 0, "round"),
  branch(outputPending, "notEqual", 0, "round"),
  branch(ending, "equal", ENDING.stopping, "monitor: stop"),
  label("monitor: leave"),
  ...leaveTerminal("at the end"),
  exitGroup(exitCode),
  ...followStop(),
];

/** Where the monitor finds what it works with; everything else that it inherited is closed. */
export const MONITOR_FDS = {
  status: 3,
  lifeline: 4,
  init: 5,
  ...RELAY_FDS,
  /** The lock of the sandbox's ids, which is held and no more; closed where there is none. */
  ids: RELAY_FDS.above,
  above: RELAY_FDS.above + 1,
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
