/**
 * A process that relays for a supervisor which has JavaScript to run: what the monitor does for everybody else, without the sandbox.
 *
 * Its control socket is at its end when the supervisor wants no more, or is gone: then it writes what is there, puts the terminal's settings
 * back and ends. A byte on it asks for the terminal's settings, since the supervisor is about to stop; the byte comes back when they are
 * in place. It goes on when the job is continued (SIGCONT).
 * @module
 */
import { branch, buffer, jump, label, set, slot } from "../ir/build.ts";
import { call, closeRange, exitGroup, ignoring } from "../ir/calls.ts";
import type { Op } from "../ir/op.ts";
import type { Program } from "../ir/program.ts";
import { EXIT, SIGNALS } from "../linux/process.ts";
import { mayRead, openRelays, outputPending, progress, RELAY_FDS } from "./relay.ts";
import { ENDING, ending, otherReady, relayRound } from "./round.ts";
import { blockSignals, openSignalfd, readSignal, received } from "./signals.ts";
import { copySize, leaveTerminal, paused } from "./terminal.ts";

const signalFd = slot("signalfd");
const controlFd = slot("control");
const ready = slot("ready");
const byte = buffer("control byte", 16);

export const CONTROL_FD = 3;

/** Everything else is meant for the supervisor, which has it too: they are in one job. */
const heedSignals = (): readonly Op[] => [
  label("relay: next signal"),
  ...readSignal(signalFd, "relay: signals read"),
  branch(received.signal, "notEqual", SIGNALS.WINCH, "relay: no new size"),
  ...copySize("new size"),
  label("relay: no new size"),
  branch(received.signal, "notEqual", SIGNALS.CONT, "relay: next signal"),
  set(paused, 0),
  jump("relay: next signal"),
  label("relay: signals read"),
];

const heedControl = (): readonly Op[] => [
  otherReady(ready),
  branch(ready, "equal", 0, "round"),
  ignoring(call("read", [controlFd, byte, 1], ready)),
  branch(ready, "equal", 1, "relay: pause"),
  set(ending, ENDING.ended),
  set(controlFd, -1),
  jump("round"),
  label("relay: pause"),
  set(ending, ENDING.stopping),
  jump("round"),
  label("relay: stop"),
  set(ending, 0),
  set(paused, 1),
  set(mayRead, 0),
  ...leaveTerminal("paused"),
  ignoring(call("write", [controlFd, byte, 1])),
  jump("round"),
];

export const relayProgram = (): Program => ({
  shape: "image",
  onFail: "relay: failed",
  slots: [],
  ops: [
    set(controlFd, CONTROL_FD),
    blockSignals(),
    closeRange(CONTROL_FD + 1, RELAY_FDS.stdin - 1),
    closeRange(RELAY_FDS.above, 0xffffffff),
    ...openRelays(),
    openSignalfd(signalFd),
    ...relayRound(signalFd, controlFd),
    ...heedSignals(),
    branch(ending, "equal", 0, "relay: control"),
    branch(progress, "notEqual", 0, "round"),
    branch(outputPending, "notEqual", 0, "round"),
    branch(ending, "equal", ENDING.stopping, "relay: stop"),
    ...leaveTerminal("at the end"),
    exitGroup(0),
    label("relay: control"),
    ...heedControl(),
    label("relay: failed"),
    exitGroup(EXIT.failed),
  ],
});
