/**
 * Descriptors of whoever starts a sandbox without JavaScript: the front, and a standalone image. What launch/launch.ts does with objects
 * is done here with slots.
 * @module
 */
import { branch, buffer, compute, flags, jump, label, load, set, slot, store } from "../ir/build.ts";
import { call, close, closeRange, ignoring, pipe2 } from "../ir/calls.ts";
import type { Op, Operand, Slot } from "../ir/op.ts";
import { END_OF_MOVES } from "./entry.ts";
import { SOURCES_MAX } from "./kept.ts";
import { FDS } from "./layout.ts";
import { MONITOR_FDS } from "./monitor.ts";

/** Ends that stay outside, and ends that the launcher gets; -1 where there is none. */
export const OUTSIDE = {
  statusReading: slot("status reading"),
  statusWriting: slot("status writing"),
  lifelineReading: slot("lifeline reading"),
  lifelineWriting: slot("lifeline writing"),
  /** The payload's ends of its standard streams, and ours. */
  streams: [slot("stream 0"), slot("stream 1"), slot("stream 2")],
  relays: [slot("relay 0"), slot("relay 1"), slot("relay 2")],
  /** The socket on which the master of the sandbox's terminal comes, its other end, and the master. */
  channel: slot("terminal channel"),
  channelInside: slot("terminal channel inside"),
  master: slot("terminal master"),
  display: slot("terminal display"),
} as const;

const ALL: readonly Slot[] = Object.values(OUTSIDE).flat();

const value = slot("value");
/** Descriptors that are opened get numbers from here on, above all that have a meaning. */
export const lowest = slot("lowest");

const F_DUPFD_CLOEXEC = 1030;

/** Out of the way: no move overwrites what a later one needs. */
export const raise = (fd: Slot): readonly Op[] => [
  set(value, fd),
  call("fcntl", [value, flags({ F_DUPFD_CLOEXEC }), lowest], fd),
  close(value),
];

export const openPipe = (reading: Slot, writing: Slot): readonly Op[] => openPair(reading, writing, pipe2);

/** Two descriptors of 32 bits each, as pipe2(2) and socketpair(2) give them. */
export const openPair = (one: Slot, other: Slot, open: (ends: Slot) => Op): readonly Op[] => {
  const ends = slot("ends");
  return [
    open(ends),
    compute(one, ends, "and", 0xffff_ffffn),
    compute(other, ends, "shiftRight", 32),
    ...raise(one),
    ...raise(other),
  ];
};

const MOVE_BYTES = 8;
/** The sources, status pipe, lifeline, terminal channel, three streams, and the end. */
export const moves = buffer("moves", (SOURCES_MAX + 7) * MOVE_BYTES);
const nextMove = slot("next move");

const endMoves = (): readonly Op[] => [store(nextMove, 0, 4, END_OF_MOVES), store(nextMove, 4, 4, END_OF_MOVES)];

/** At every moment the table is a whole one: whoever gives up closes what is in it. */
export const addMove = (from: Operand, to: Operand): readonly Op[] => [
  store(nextMove, 0, 4, from),
  store(nextMove, 4, 4, to),
  compute(nextMove, nextMove, "add", MOVE_BYTES),
  ...endMoves(),
];

/** Before anything may fail: nothing is open yet. */
export const initialiseOutside = (): readonly Op[] => [
  ...ALL.map((fd) => set(fd, -1)),
  set(nextMove, moves),
  ...endMoves(),
];

export const openChannels = (): readonly Op[] => [
  ...openPipe(OUTSIDE.statusReading, OUTSIDE.statusWriting),
  ...openPipe(OUTSIDE.lifelineReading, OUTSIDE.lifelineWriting),
  ...addMove(OUTSIDE.statusWriting, FDS.status),
  ...addMove(OUTSIDE.lifelineReading, FDS.lifeline),
];

const forget = (fd: Slot): readonly Op[] => [ignoring(close(fd)), set(fd, -1)];

/** What the launcher has now: as long as we had it too, no pipe would end. */
export const closeInsideEnds = (): readonly Op[] =>
  [OUTSIDE.statusWriting, OUTSIDE.lifelineReading, OUTSIDE.channelInside, ...OUTSIDE.streams].flatMap(forget);

export const closeOutside = (): readonly Op[] => [
  ...ALL.flatMap(forget),
  set(nextMove, moves),
  label("close move"),
  load(value, nextMove, 0, 4),
  branch(value, "equal", END_OF_MOVES, "all moves closed"),
  ignoring(close(value)),
  compute(nextMove, nextMove, "add", MOVE_BYTES),
  jump("close move"),
  label("all moves closed"),
];

/** Where the monitor looks for them. What the caller had at these numbers is closed first; streams that need no relay stay closed. */
export const placeForMonitor = (): readonly Op[] => [
  call("dup3", [OUTSIDE.statusReading, MONITOR_FDS.status, 0]),
  call("dup3", [OUTSIDE.lifelineWriting, MONITOR_FDS.lifeline, 0]),
  // Nor is there a lock of ids: a sandbox that has one is started by JavaScript.
  closeRange(MONITOR_FDS.stdin, MONITOR_FDS.ids),
  ...[...OUTSIDE.relays, OUTSIDE.master, OUTSIDE.display].flatMap((fd, index) => [
    branch(fd, "less", 0, `nothing at ${MONITOR_FDS.stdin + index}`),
    call("dup3", [fd, MONITOR_FDS.stdin + index, 0]),
    label(`nothing at ${MONITOR_FDS.stdin + index}`),
  ]),
];
