/**
 * The sandbox's own terminal: made inside, in its own devpts, so that it has a name there; its master is sent out.
 *
 * Init leads its session, so that the payload's group is not orphaned and stops as it would without a sandbox (setpgid(2), "orphaned").
 * Init keeps the slave open: the master would be at its end whenever a payload closes its streams for a moment.
 * @see https://man7.org/linux/man-pages/man2/TIOCGPTPEER.2const.html
 * @see https://man7.org/linux/man-pages/man7/unix.7.html
 * @module
 */
import { addressOf, branch, buffer, constant, flags, label, set, slot } from "../../ir/build.ts";
import { call, close, described, exitGroup, ignoring, openat } from "../../ir/calls.ts";
import type { Op, Operand } from "../../ir/op.ts";
import { FDS, TERMINAL_MODES } from "../../launcher/layout.ts";
import { passDescriptor } from "../../launcher/pass-fd.ts";
import { ask } from "../../launcher/signals.ts";
import { O_CLOEXEC, O_NOCTTY, O_RDWR, TIOCGPTPEER, TIOCSCTTY, TIOCSPGRP, TIOCSPTLCK } from "../../linux/file.ts";
import { EXIT } from "../../linux/process.ts";
import type { Identity } from "../contribution.ts";
import type { Plan } from "../plan.ts";
import { changesIds, insideId } from "./identity.ts";

const master = slot("terminal master");
const slave = slot("terminal");
const unlock = slot("unlock");
const group = slot("terminal group");
const answer = slot("terminal answer");

const ioctl = (fd: Operand, request: number, name: string, argument: Operand, sentence: string): Op =>
  described(call("ioctl", [fd, constant(request, name), argument]), `ioctl(${sentence}, ${name})`);

/** Mode of the plan's terminal where the image knows it: whether standard input is one is asked by whoever starts it. */
export const terminalMode = ({ stdio }: Plan, isTerminal: boolean): number => {
  if (stdio.streams === "inherit" || stdio.terminal === "never") return TERMINAL_MODES.none;
  if (stdio.terminal === "always") return TERMINAL_MODES.always;
  return isTerminal ? TERMINAL_MODES.auto : TERMINAL_MODES.none;
};

const sendMaster = (): readonly Op[] => [
  ...passDescriptor(FDS.terminal, master, "terminal"),
  // Outside it gets the caller's settings and size; the end of the socket means that nobody is left.
  call("read", [FDS.terminal, buffer("release", 16), 1], answer),
  branch(answer, "equal", 1, "terminal is set"),
  exitGroup(EXIT.failed),
  label("terminal is set"),
  close(master),
];

/** The payload's, also where the launcher is somebody else: it may open it again by its name. */
const giveToPayload = (identity: Identity): readonly Op[] =>
  changesIds(identity) ? [call("fchown", [slave, insideId(identity, "uid"), insideId(identity, "gid")])] : [];

/** Opens it, hands the master over, and becomes the leader of its session. */
export const openOwnTerminal = (mode: Operand, identity: Identity): readonly Op[] =>
  mode === TERMINAL_MODES.none ? [] : open(mode, identity);

const open = (mode: Operand, identity: Identity): readonly Op[] => [
  branch(mode, "equal", TERMINAL_MODES.none, "no terminal"),
  openat("/dev/pts/ptmx", { O_RDWR, O_NOCTTY }, 0, master),
  set(unlock, 0),
  ioctl(master, TIOCSPTLCK, "TIOCSPTLCK", addressOf(unlock), '"/dev/pts/ptmx"'),
  {
    ...call("ioctl", [master, constant(TIOCGPTPEER, "TIOCGPTPEER"), flags({ O_RDWR, O_NOCTTY, O_CLOEXEC })]),
    into: slave,
  },
  ...giveToPayload(identity),
  ...sendMaster(),
  call("setsid", []),
  ioctl(slave, TIOCSCTTY, "TIOCSCTTY", 0, "terminal"),
  label("no terminal"),
  ignoring(close(FDS.terminal)),
];

/** In the payload's process: the foreground group of its terminal, with the terminal where the caller's was. */
export const joinOwnTerminal = (mode: Operand, hasInit: boolean): readonly Op[] =>
  mode === TERMINAL_MODES.none ? [] : join(mode, hasInit);

const join = (mode: Operand, hasInit: boolean): readonly Op[] => [
  branch(mode, "equal", TERMINAL_MODES.none, "terminal joined"),
  // All signals are blocked: the background may do this (tcsetpgrp(3)).
  ...(hasInit
    ? [
        call("setpgid", [0, 0]),
        call("getpid", [], group),
        ioctl(slave, TIOCSPGRP, "TIOCSPGRP", addressOf(group), "terminal"),
      ]
    : []),
  ...[0, 1, 2].flatMap((fd) => [
    ...(fd === 0 ? [] : [branch(mode, "equal", TERMINAL_MODES.always, `stream ${fd}: terminal`)]),
    ...ask(fd, answer),
    branch(answer, "notEqual", 0, `stream ${fd}: as it is`),
    label(`stream ${fd}: terminal`),
    call("dup3", [slave, fd, 0]),
    label(`stream ${fd}: as it is`),
  ]),
  label("terminal joined"),
];
