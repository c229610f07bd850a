/**
 * What the payload gets as its standard streams: launcher/outside-streams.ts says what and why, and does the same without JavaScript.
 * @module
 */
import { ptr } from "bun:ffi";
import { FDS, TERMINAL_MODES } from "../launcher/layout.ts";
import { RELAY_FDS } from "../launcher/relay.ts";
import { TERMIOS, TERMIOS_BYTES } from "../launcher/terminal.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
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
import type { Move } from "./clone.ts";
import { cString, duplicate, OwnedFd, openPair, openPipe } from "./fd.ts";
import { isTerminal } from "./host.ts";
import { tryCall } from "./libc.ts";
import { receiveDescriptor } from "./receive-fd.ts";

export interface StreamOptions {
  /** False: the payload gets the caller's own streams. */
  readonly relays: boolean;
  /** One of `TERMINAL_MODES`. */
  readonly terminal: number;
}

/** Descriptors of both sides. Whoever launches owns them all until it hands the outer ones over. */
export interface Streams {
  readonly inside: readonly { readonly fd: OwnedFd; readonly to: number }[];
  /** Where a process that relays looks for them (`RELAY_FDS`). */
  readonly outside: readonly { readonly fd: OwnedFd; readonly to: number }[];
  /** The socket on which the sandbox's terminal comes. */
  readonly channel: OwnedFd | undefined;
}

interface Look {
  readonly isFile: boolean;
  /** Device and inode: the same for two descriptors of one file. */
  readonly identity: string;
}

const STATX_BASIC = 0x7ff;

const look = (fd: number): Look | undefined => {
  const [empty, found] = [new Uint8Array(1), new DataView(new ArrayBuffer(256))];
  if (tryCall("statx", fd, ptr(empty), AT_EMPTY_PATH, STATX_BASIC, ptr(found)) < 0) return undefined;
  const isFile = (found.getUint16(28, true) & S_IFMT) === S_IFREG;
  return { isFile, identity: `${found.getBigUint64(136, true)} ${found.getBigUint64(32, true)}` };
};

/** The payload's end and ours. */
const pipeFor = (fd: number): { readonly inside: OwnedFd; readonly outside: OwnedFd } => {
  const { reading, writing } = openPipe();
  // A payload that is somebody else may open it by name too (`/dev/stderr`): no other process reaches it.
  tryCall("fchmod", reading.number, 0o666);
  return fd === 0 ? { inside: reading, outside: writing } : { inside: writing, outside: reading };
};

const needsRelay = (fd: number, terminal: number): boolean => {
  if (fd > 0 && terminal === TERMINAL_MODES.always) return false;
  if (look(fd)?.isFile) return true;
  // The launcher puts the terminal that it makes in the place of the caller's.
  return isTerminal(fd) && terminal === TERMINAL_MODES.none;
};

/** Two pipes would lose the order of what is written to one file: standard error gets the pipe of standard output. */
const areOne = (): boolean => look(1)?.identity === look(2)?.identity;

type Ends = Streams["inside"];

const relayAll = (terminal: number): { readonly inside: Ends; readonly outside: Ends } => {
  const pipes = new Map<number, ReturnType<typeof pipeFor>>();
  for (const fd of [0, 1, 2]) {
    if (!needsRelay(fd, terminal)) continue;
    const shared = fd === 2 && areOne() ? pipes.get(1) : undefined;
    pipes.set(fd, shared ? { ...shared, inside: duplicate(shared.inside.number) } : pipeFor(fd));
  }
  const inside = [...pipes].map(([to, pipe]) => ({ fd: pipe.inside, to }));
  const outside = [...pipes].map(([fd, pipe]) => ({ fd: pipe.outside, to: RELAY_FDS.stdin + fd }));
  return { inside, outside: outside.filter(({ fd }, index) => outside.findIndex((one) => one.fd === fd) === index) };
};

/** Everything is close-on-exec. */
export const openStreams = ({ relays, terminal }: StreamOptions): Streams => {
  const { inside, outside } = relays ? relayAll(terminal) : { inside: [], outside: [] };
  if (terminal === TERMINAL_MODES.none) return { inside, outside, channel: undefined };
  const { one, other } = openPair();
  return { inside: [...inside, { fd: other, to: FDS.terminal }], outside, channel: one };
};

export const movesOf = ({ inside }: Streams): readonly Move[] => inside.map(({ fd, to }) => ({ from: fd.number, to }));

const OPOST = 1;

const copySettings = (master: OwnedFd): void => {
  const [settings, size] = [new DataView(new ArrayBuffer(TERMIOS_BYTES)), new Uint8Array(16)];
  if (tryCall("ioctl", 0, TCGETS, ptr(settings)) < 0) {
    tryCall("ioctl", master.number, TCGETS, ptr(settings));
    settings.setUint32(TERMIOS.output, settings.getUint32(TERMIOS.output, true) & ~OPOST, true);
  }
  tryCall("ioctl", master.number, TCSETS, ptr(settings));
  if ([0, 1, 2].some((fd) => tryCall("ioctl", fd, TIOCGWINSZ, ptr(size)) === 0))
    tryCall("ioctl", master.number, TIOCSWINSZ, ptr(size));
};

const chooseDisplay = (terminal: number): OwnedFd => {
  const fd = terminal === TERMINAL_MODES.always ? 1 : ([1, 2, 0].find(isTerminal) ?? 1);
  const path = cString(`/proc/self/fd/${fd}`);
  const opened = isTerminal(fd)
    ? tryCall("openat", AT_FDCWD, ptr(path), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    : -1;
  return opened < 0 ? duplicate(fd) : new OwnedFd(opened);
};

/** Waits for the sandbox's terminal, makes it ready, and lets the launcher go on. The result is what else the relay needs. */
export const takeTerminal = (channel: OwnedFd | undefined, terminal: number): Streams["outside"] => {
  if (channel === undefined) return [];
  using own = channel;
  const master = receiveDescriptor(own, { wait: true });
  if (master === undefined) return [];
  copySettings(master);
  tryCall("write", own.number, ptr(Uint8Array.of(1)), 1);
  return [
    { fd: master, to: RELAY_FDS.terminal },
    { fd: chooseDisplay(terminal), to: RELAY_FDS.display },
  ];
};
