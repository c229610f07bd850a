/**
 * What the payload gets as its standard streams, decided by whoever starts the sandbox, without JavaScript (launch/streams.ts does it with).
 *
 * Pipes, sockets and devices like /dev/null are passed on. A regular file and a terminal are not: the payload gets a pipe, and the
 * monitor relays; or a terminal of its own, which the launcher makes inside and sends out.
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
  text,
  vector,
} from "../ir/build.ts";
import { AT_FDCWD, call, close, ignoring, onErrno } from "../ir/calls.ts";
import type { Op, Operand } from "../ir/op.ts";
import {
  AT_EMPTY_PATH,
  O_CLOEXEC,
  O_NOCTTY,
  O_NONBLOCK,
  O_WRONLY,
  S_IFMT,
  S_IFREG,
  TCGETS,
  TCSETS,
  TIOCGWINSZ,
  TIOCSWINSZ,
} from "../linux/file.ts";
import { FDS, TERMINAL_MODES } from "./layout.ts";
import { addMove, lowest, OUTSIDE, openPair, openPipe, raise } from "./outside.ts";
import { ask } from "./signals.ts";
import { TERMIOS, TERMIOS_BYTES, tty } from "./terminal.ts";

const STATX = buffer("stream statx", 256);
const STX = { mode: 28, inode: 32, device: 136 } as const;
const STATX_BASIC = flags({ STATX_BASIC_STATS: 0x7ff });

const mode = slot("stream mode");
const isFile = slot("stream is a file");
const inode = [slot("stream inode 1"), slot("stream inode 2")] as const;
const device = [slot("stream device 1"), slot("stream device 2")] as const;

const STREAMS = ["stdin", "stdout", "stderr"] as const;

/** `isFile` is 1 for a regular file, 2 for a terminal, 0 for what is passed on. */
const look = (fd: number): readonly Op[] => [
  set(isFile, 0),
  call("statx", [fd, text(""), flags({ AT_EMPTY_PATH }), STATX_BASIC, STATX]),
  load(mode, STATX, STX.mode, 2),
  compute(mode, mode, "and", S_IFMT),
  branch(mode, "notEqual", S_IFREG, `${STREAMS[fd]}: no file`),
  set(isFile, 1),
  label(`${STREAMS[fd]}: no file`),
  ...ask(fd, mode),
  branch(mode, "notEqual", 0, `${STREAMS[fd]}: no terminal`),
  set(isFile, 2),
  label(`${STREAMS[fd]}: no terminal`),
  ...(fd === 0
    ? []
    : [
        load(inode[fd - 1] as (typeof inode)[0], STATX, STX.inode, 8),
        load(device[fd - 1] as (typeof device)[0], STATX, STX.device, 8),
      ]),
];

/** Two pipes would lose the order of what is written to one file: standard error gets the pipe of standard output. */
const sharePipe = (): readonly Op[] => [
  branch(OUTSIDE.streams[1], "less", 0, "stderr: alone"),
  branch(inode[0], "notEqual", inode[1], "stderr: alone"),
  branch(device[0], "notEqual", device[1], "stderr: alone"),
  ...addMove(OUTSIDE.streams[1], 2),
  jump("stderr: done"),
  label("stderr: alone"),
];

const relayStream = (fd: 0 | 1 | 2, terminal: Operand): readonly Op[] => {
  const [inside, outside] = [OUTSIDE.streams[fd], OUTSIDE.relays[fd]];
  const name = STREAMS[fd];
  return [
    ...(fd === 0 ? [] : [branch(terminal, "equal", TERMINAL_MODES.always, `${name}: done`)]),
    ...look(fd),
    branch(isFile, "equal", 0, `${name}: done`),
    branch(isFile, "equal", 1, `${name}: relay`),
    // The launcher puts the terminal that it makes in the place of this one.
    branch(terminal, "notEqual", TERMINAL_MODES.none, `${name}: done`),
    label(`${name}: relay`),
    ...(fd === 2 ? sharePipe() : []),
    ...(fd === 0 ? openPipe(inside, outside) : openPipe(outside, inside)),
    // A payload that is somebody else may open it by name too (`/dev/stderr`): no other process reaches it.
    call("fchmod", [inside, constant(0o666, "0666")]),
    ...addMove(inside, fd),
    label(`${name}: done`),
  ];
};

/** `relays` is 0 where the payload gets the caller's own streams; `terminal` is one of `TERMINAL_MODES`. */
export const prepareStreams = (relays: Operand, terminal: Operand): readonly Op[] => [
  branch(relays, "equal", 0, "streams: as they are"),
  ...([0, 1, 2] as const).flatMap((fd) => relayStream(fd, terminal)),
  label("streams: as they are"),
  branch(terminal, "equal", TERMINAL_MODES.none, "streams: no terminal"),
  ...openPair(OUTSIDE.channel, OUTSIDE.channelInside, (ends) =>
    call("socketpair", [
      flags({ AF_UNIX: 1 }),
      flags({ SOCK_SEQPACKET: 5, SOCK_CLOEXEC: 0o2000000 }),
      0,
      addressOf(ends),
    ]),
  ),
  ...addMove(OUTSIDE.channelInside, FDS.terminal),
  label("streams: no terminal"),
];

const CONTROL_BYTES = 24;
const control = buffer("terminal control", CONTROL_BYTES);
const one = buffer("terminal byte", 16);
/** `struct msghdr { name, namelen, iov, iovlen, control, controllen, flags }`. The kernel writes into it: it is made at run time. */
const message = buffer("terminal message", 56);
const IOV = vector(one, 1);
const termios = buffer("terminal termios", TERMIOS_BYTES);
const winsize = buffer("terminal winsize", 16);
const answer = slot("terminal answer");
const flag = slot("termios word");

const receiveMaster = (): readonly Op[] => [
  store(message, 16, 8, IOV),
  store(message, 24, 8, 1),
  store(message, 32, 8, control),
  store(message, 40, 8, CONTROL_BYTES),
  label("terminal: receive"),
  onErrno(
    call("recvmsg", [OUTSIDE.channel, message, flags({ MSG_CMSG_CLOEXEC: 0x4000_0000 })], answer),
    ["EINTR"],
    "terminal: receive",
  ),
  // The launcher has failed, and says so on the status pipe.
  branch(answer, "notEqual", 1, "terminal: handed over"),
  load(OUTSIDE.master, control, 16, 4),
  ...raise(OUTSIDE.master),
];

const OPEN_DISPLAY = flags({ O_WRONLY, O_NOCTTY, O_NONBLOCK, O_CLOEXEC });
const OPOST = 1;

/**
 * The sandbox's terminal starts with the caller's settings and size. Without a terminal on standard input the caller's one is never made
 * raw and does its own line ends: then the sandbox's does none.
 */
const copySettings = (): readonly Op[] => [
  tty(TCGETS, "TCGETS", 0, termios),
  branch(answer, "equal", 0, "terminal: set"),
  tty(TCGETS, "TCGETS", OUTSIDE.master, termios),
  load(flag, termios, TERMIOS.output, 4),
  compute(flag, flag, "and", ~OPOST >>> 0),
  store(termios, TERMIOS.output, 4, flag),
  label("terminal: set"),
  tty(TCSETS, "TCSETS", OUTSIDE.master, termios),
  ...[0, 1, 2].flatMap((fd) => [
    tty(TIOCGWINSZ, "TIOCGWINSZ", fd, winsize),
    branch(answer, "equal", 0, "terminal: sized"),
  ]),
  jump("terminal: no size"),
  label("terminal: sized"),
  tty(TIOCSWINSZ, "TIOCSWINSZ", OUTSIDE.master, winsize),
  label("terminal: no size"),
];

const display = slot("display");

/**
 * Where the terminal is shown: on the caller's, which is the first of standard output, error and input that is one; or where standard output
 * goes. A description of our own, so that a terminal that is held does not hold us; where that may not be opened, the given one.
 */
const chooseDisplay = (terminal: Operand): readonly Op[] => [
  set(display, 1),
  branch(terminal, "equal", TERMINAL_MODES.always, "display: chosen"),
  ...[1, 2, 0].flatMap((fd) => [set(display, fd), ...ask(fd, answer), branch(answer, "equal", 0, "display: chosen")]),
  label("display: chosen"),
  ...ask(display, answer),
  branch(answer, "notEqual", 0, "display: given"),
  ...[1, 2, 0].flatMap((fd) => [
    branch(display, "notEqual", fd, `display: not ${fd}`),
    ignoring(call("openat", [AT_FDCWD, text(`/proc/self/fd/${fd}`), OPEN_DISPLAY, 0], OUTSIDE.display)),
    label(`display: not ${fd}`),
  ]),
  branch(OUTSIDE.display, "greaterOrEqual", 0, "display: open"),
  label("display: given"),
  call("fcntl", [display, flags({ F_DUPFD_CLOEXEC: 1030 }), lowest], OUTSIDE.display),
  jump("display: done"),
  label("display: open"),
  ...raise(OUTSIDE.display),
  label("display: done"),
];

/** Waits for the master, makes the terminal ready, and lets the launcher go on. */
export const takeMaster = (terminal: Operand): readonly Op[] => [
  branch(terminal, "equal", TERMINAL_MODES.none, "terminal: handed over"),
  ...chooseDisplay(terminal),
  ...receiveMaster(),
  ...copySettings(),
  ignoring(call("write", [OUTSIDE.channel, bytes(Uint8Array.of(1), "[1]"), 1])),
  close(OUTSIDE.channel),
  set(OUTSIDE.channel, -1),
  label("terminal: handed over"),
];
