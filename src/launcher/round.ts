/**
 * One round of a process that relays: it waits for signals, for its other channel and for streams, and moves what can be moved.
 * @module
 */
import { branch, buffer, compute, jump, label, load, slot, store } from "../ir/build.ts";
import { call, onErrno } from "../ir/calls.ts";
import type { Op, Operand, Slot } from "../ir/op.ts";
import { askRelays, mayRead, moveRelays, outputPending, RELAY_POLLFDS_BYTES } from "./relay.ts";
import { NOW } from "./signals.ts";
import { BACKGROUND_LOOK, takeTerminal } from "./terminal.ts";

const POLLFD_BYTES = 8;
const OWN_POLLFDS = 2;
const POLLIN = 1;
const pollfds = buffer("round pollfds", OWN_POLLFDS * POLLFD_BYTES + RELAY_POLLFDS_BYTES);
const relayPollfds = slot("relay pollfds");

/** Not 0 where what is there is to be written, and nothing more is awaited. */
export const ending = slot("ending");
export const ENDING = {
  /** Nothing more will come. */
  ended: 1,
  /** This process is about to stop. */
  stopping: 2,
} as const;

const ppoll = (timeout: Operand): Op =>
  onErrno(
    call("ppoll", [pollfds, OWN_POLLFDS + RELAY_POLLFDS_BYTES / POLLFD_BYTES, timeout, 0, 0]),
    ["EINTR"],
    "round",
  );

/** At the end it waits only for what can be written, and then not at all. */
const wait = (): readonly Op[] => [
  branch(ending, "equal", 0, "round: wait"),
  branch(outputPending, "notEqual", 0, "round: wait"),
  ppoll(NOW),
  jump("round: polled"),
  label("round: wait"),
  branch(mayRead, "notEqual", 0, "round: wait as long as it takes"),
  ppoll(BACKGROUND_LOOK),
  jump("round: polled"),
  label("round: wait as long as it takes"),
  ppoll(0),
  label("round: polled"),
];

/** Begins at the label `round`. */
export const relayRound = (signalFd: Slot, other: Slot): readonly Op[] => [
  label("round"),
  ...takeTerminal(),
  store(pollfds, 0, 4, signalFd),
  store(pollfds, 4, 4, POLLIN),
  store(pollfds, POLLFD_BYTES, 4, other),
  store(pollfds, POLLFD_BYTES + 4, 4, POLLIN),
  compute(relayPollfds, pollfds, "add", OWN_POLLFDS * POLLFD_BYTES),
  ...askRelays(relayPollfds, ending),
  ...wait(),
  ...moveRelays(relayPollfds),
];

/** `into` is not 0 where the other channel had something to say. */
export const otherReady = (into: Slot): Op => load(into, pollfds, POLLFD_BYTES + 6, 2);
