/**
 * Signals as init, monitor and payload need them.
 *
 * Init and monitor never install a handler: they block everything and read signals as data from a signalfd(2), so that no
 * signal arrives between two operations. A blocked signal is queued even where its disposition is to be ignored
 * (kernel/signal.c, sig_ignored), which is why PID 1 sees signals that it has no handler for.
 * @module
 */

import {
  addressOf,
  branch,
  buffer,
  bytes,
  compute,
  constant,
  flags,
  jump,
  label,
  load,
  set,
  slot,
  store,
} from "../ir/build.ts";
import { call, ignoring } from "../ir/calls.ts";
import type { Op, Operand, Slot } from "../ir/op.ts";
import { TCGETS } from "../linux/file.ts";
import { EXIT, SIG_SETMASK, SIGNAL_MAX, SIGNAL_SET_BYTES, SIGNALS } from "../linux/process.ts";

const ALL_SIGNALS = bytes(new Uint8Array(SIGNAL_SET_BYTES).fill(0xff), "~[]");
const NO_SIGNALS = bytes(new Uint8Array(SIGNAL_SET_BYTES), "[]");
const SIGNALFD_SIGINFO_BYTES = 128;
/** `struct sigaction` of the kernel is 32 bytes on x86-64 and 24 on arm64; all zero is SIG_DFL without flags on both. */
const DEFAULT_ACTION = bytes(new Uint8Array(32), "{SIG_DFL}");

export const blockSignals = (): Op =>
  call("rt_sigprocmask", [flags({ SIG_SETMASK }), ALL_SIGNALS, 0, SIGNAL_SET_BYTES]);
export const unblockSignals = (): Op =>
  call("rt_sigprocmask", [flags({ SIG_SETMASK }), NO_SIGNALS, 0, SIGNAL_SET_BYTES]);

/** Where whoever started us ignores SIGCHLD, the kernel reaps children by itself, and a wait for one never ends. */
export const heedChildren = (): Op => call("rt_sigaction", [SIGNALS.CHLD, DEFAULT_ACTION, 0, SIGNAL_SET_BYTES]);

/** Every disposition back to the default: what JavaScript runtimes ignore (SIGPIPE, SIGXFSZ) would survive the exec. */
export const resetSignals = (): readonly Op[] => {
  const signal = slot("signal");
  return [
    set(signal, 1),
    label("reset signal"),
    // EINVAL for SIGKILL and SIGSTOP, which cannot be ignored either.
    ignoring(call("rt_sigaction", [signal, DEFAULT_ACTION, 0, SIGNAL_SET_BYTES]), "EINVAL"),
    compute(signal, signal, "add", 1),
    branch(signal, "lessOrEqual", SIGNAL_MAX, "reset signal"),
  ];
};

export const openSignalfd = (into: Slot): Op =>
  call("signalfd4", [-1, ALL_SIGNALS, SIGNAL_SET_BYTES, flags({ SFD_CLOEXEC: 0o2000000, SFD_NONBLOCK: 0o4000 })], into);

/** `into` is 0 where the descriptor is a terminal: isatty(3). */
export const ask = (fd: Operand, into: Slot): readonly Op[] => [
  ignoring(call("ioctl", [fd, constant(TCGETS, "TCGETS"), buffer("termios", 64)], into)),
];

/** A signal as signalfd(2) describes it. */
export const received = {
  signal: slot("signal"),
  /** SI_USER 0 or negative where a process sent it; positive where the kernel did, as for Ctrl-C. */
  code: slot("signal code"),
  /** The sender's pid in the reader's namespace; 0 for a process outside. */
  sender: slot("signal sender"),
} as const;

const INFO = buffer("signalfd_siginfo", SIGNALFD_SIGINFO_BYTES);

/** Reads one signal from `fd`, or jumps to `none` when there is none left. */
export const readSignal = (fd: Slot, none: string): readonly Op[] => [
  ignoring(call("read", [fd, INFO, SIGNALFD_SIGINFO_BYTES], slot("read"))),
  branch(slot("read"), "notEqual", SIGNALFD_SIGINFO_BYTES, none),
  load(received.signal, INFO, 0, 4),
  load(received.code, INFO, 8, 4, true),
  load(received.sender, INFO, 12, 4),
];

const POLLFD_BYTES = 8;
const POLLFDS = buffer("pollfds", 2 * POLLFD_BYTES);

/** poll(2): data to read; or no event at all, which still tells the end of a pipe (POLLHUP). */
export const POLL = { data: 1, end: 0 } as const;

interface Polled {
  readonly fd: Slot;
  readonly events: number;
}

const ppoll = (timeout: Operand, fds: readonly Polled[]): readonly Op[] => [
  ...fds.flatMap(({ fd, events }, index): Op[] => [
    store(POLLFDS, index * POLLFD_BYTES, 4, fd),
    store(POLLFDS, index * POLLFD_BYTES + 4, 4, events),
  ]),
  ignoring(call("ppoll", [POLLFDS, fds.length, timeout, 0, 0]), "EINTR"),
];

/** `ppoll(fds)` without a time-out; afterwards {@link polled} tells which of the two has something to say. */
export const poll = (...fds: readonly Polled[]): readonly Op[] => ppoll(0, fds);

/** A `struct timespec` that does not wait. */
export const NOW = bytes(new Uint8Array(16), "{0, 0}");

/** The same without waiting. */
export const pollNow = (...fds: readonly Polled[]): readonly Op[] => ppoll(NOW, fds);

/** `into` is not 0 where the descriptor at `index` of the last {@link poll} has data or is at its end. */
export const polled = (index: number, into: Slot): Op => load(into, POLLFDS, index * POLLFD_BYTES + 6, 2);

/** `wait4(pid, &status, options, usage)`: `waited` and `wait status` are set, or it jumps to `none` where there is nothing to report. */
export const waitFor = (pid: Operand, options: number, usage: Operand, none: string): readonly Op[] => [
  ignoring(call("wait4", [pid, addressOf(waited.status), options, usage], waited.pid), "ECHILD", "EINTR"),
  branch(waited.pid, "lessOrEqual", 0, none),
  // The kernel writes an int: the other half of the slot keeps what it had.
  compute(waited.status, waited.status, "and", 0xffffffffn),
];

/** What the last {@link waitFor} found. */
export const waited = { pid: slot("waited"), status: slot("wait status") } as const;

/**
 * `exitCode` from `waited.status`, as a shell has it: the exit status, or 128 + n for signal n. Jumps to `stopped` for a stop.
 * Layout of a wait status: wait(2), include/uapi/linux/wait.h; 0x7f in the low byte means stopped.
 */
export const exitCodeOf = (exitCode: Slot, stopped: string, done: string): readonly Op[] => [
  compute(exitCode, waited.status, "and", 0x7f),
  branch(exitCode, "equal", 0x7f, stopped),
  branch(exitCode, "notEqual", 0, `${done}: signal`),
  compute(exitCode, waited.status, "shiftRight", 8),
  compute(exitCode, exitCode, "and", 0xff),
  jump(done),
  label(`${done}: signal`),
  compute(exitCode, exitCode, "add", EXIT.signalBase),
  label(done),
];
