/**
 * The caller's terminal while a sandbox has one of its own: its keys are handed through as they are, its size is copied, and its settings
 * are put back whenever we do not have it.
 *
 * Settings are changed only from the foreground: the background has a terminal that is somebody else's at that moment. Signals are blocked,
 * so that nothing stops us for asking (termios(3), SIGTTOU).
 * @module
 */
import {
  addressOf,
  branch,
  buffer,
  bytes,
  compute,
  constant,
  jump,
  label,
  load,
  set,
  slot,
  store,
} from "../ir/build.ts";
import { call, ignoring } from "../ir/calls.ts";
import type { Op, Operand } from "../ir/op.ts";
import { TCGETS, TCSETS, TIOCGPGRP, TIOCGWINSZ, TIOCSWINSZ } from "../linux/file.ts";
import { hasTerminal, mayRead, RELAY_FDS } from "./relay.ts";

/** `struct termios` of the kernel: four words of flags, a line discipline, 19 characters (asm-generic/termbits.h). */
export const TERMIOS_BYTES = 64;
export const TERMIOS = { input: 0, output: 4, control: 8, local: 12, characters: 17 } as const;
const WINSIZE_BYTES = 16;

const saved = buffer("saved termios", TERMIOS_BYTES);
const raw = buffer("raw termios", TERMIOS_BYTES);
const size = buffer("winsize", WINSIZE_BYTES);
/** 1 while somebody else is about to have it (relay-program.ts). */
export const paused = slot("paused");
/** 1 while the terminal has our settings. */
const isRaw = slot("raw");
const word = slot("termios word");
const answer = slot("terminal answer");

const TERMINAL = 0;

export const tty = (request: number, name: string, fd: Operand, argument: Operand): Op =>
  ignoring(call("ioctl", [fd, constant(request, name), argument], answer));

/** As cfmakeraw(3), but for the character size and parity, which are the line's. */
const CLEARED = {
  // IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON
  [TERMIOS.input]: 0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000,
  // OPOST
  [TERMIOS.output]: 0o1,
  // ISIG ICANON ECHO ECHONL IEXTEN
  [TERMIOS.local]: 0o1 | 0o2 | 0o10 | 0o100 | 0o100000,
} as const;

/** VTIME and VMIN among the control characters: a read waits for one byte, and no longer. */
const VTIME = 5;
const VMIN = 6;

const makeRaw = (): readonly Op[] => [
  ...Array.from({ length: TERMIOS_BYTES / 8 }).flatMap((_, index) => [
    load(word, saved, index * 8, 8),
    store(raw, index * 8, 8, word),
  ]),
  ...Object.entries(CLEARED).flatMap(([offset, bits]) => [
    load(word, raw, Number(offset), 4),
    compute(word, word, "and", ~bits >>> 0),
    store(raw, Number(offset), 4, word),
  ]),
  store(raw, TERMIOS.characters + VTIME, 1, 0),
  store(raw, TERMIOS.characters + VMIN, 1, 1),
];

const group = slot("own group");
const foreground = slot("foreground group");

/** Takes the terminal where it is ours to take, and not taken yet; `mayRead` says whether it is. */
export const takeTerminal = (): readonly Op[] => [
  branch(hasTerminal, "equal", 0, "terminal: taken"),
  branch(paused, "notEqual", 0, "terminal: taken"),
  set(mayRead, 1),
  branch(isRaw, "notEqual", 0, "terminal: taken"),
  call("getpgid", [0], group),
  tty(TIOCGPGRP, "TIOCGPGRP", TERMINAL, addressOf(foreground)),
  // Not our controlling terminal: there is no background to be in.
  branch(answer, "less", 0, "terminal: take"),
  compute(foreground, foreground, "and", 0xffff_ffffn),
  branch(foreground, "equal", group, "terminal: take"),
  set(mayRead, 0),
  jump("terminal: taken"),
  label("terminal: take"),
  tty(TCGETS, "TCGETS", TERMINAL, saved),
  branch(answer, "less", 0, "terminal: taken"),
  ...makeRaw(),
  tty(TCSETS, "TCSETS", TERMINAL, raw),
  set(isRaw, 1),
  ...copySize("taken"),
  label("terminal: taken"),
];

/** Puts the settings back. */
export const leaveTerminal = (name: string): readonly Op[] => [
  branch(isRaw, "equal", 0, `terminal: left ${name}`),
  tty(TCSETS, "TCSETS", TERMINAL, saved),
  set(isRaw, 0),
  label(`terminal: left ${name}`),
];

/** The kernel tells the sandbox's foreground group (SIGWINCH). */
export const copySize = (name: string): readonly Op[] => [
  tty(TIOCGWINSZ, "TIOCGWINSZ", RELAY_FDS.display, size),
  branch(answer, "less", 0, `terminal: no size ${name}`),
  tty(TIOCSWINSZ, "TIOCSWINSZ", RELAY_FDS.terminal, size),
  label(`terminal: no size ${name}`),
];

/** How often the background looks whether it is in the foreground again: a job that runs on is told nothing. `struct timespec`. */
export const BACKGROUND_LOOK = bytes(new Uint8Array(new BigUint64Array([0n, 250_000_000n]).buffer), "{250 ms}");
