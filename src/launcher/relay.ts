/**
 * Standard streams at second hand: bytes go between the caller's files or terminal and the sandbox's pipes or terminal.
 *
 * A payload that had the caller's own file could open it again through /proc/self/fd with any mode that the file allows, and one that had
 * the caller's terminal could type into it (security.md, rows 3, 14 and 15). A relay is a source, a sink, and what was read from
 * the one and not yet written to the other. Sources and sinks of our own do not block; the caller's descriptors are shared with
 * others and stay as they are, but are only used when poll(2) says so.
 * @module
 */
import { branch, buffer, compute, flags, jump, label, load, set, slot, store } from "../ir/build.ts";
import { call, close, ignoring } from "../ir/calls.ts";
import type { Op, Operand, Slot } from "../ir/op.ts";
import { errnos } from "../linux/errno.ts";
import { O_NONBLOCK } from "../linux/file.ts";
import { ask } from "./signals.ts";

/** Where a process that relays finds the other ends; a number that is closed is a stream that needs none. */
export const RELAY_FDS = {
  /** Writing end of the payload's standard input. */
  stdin: 6,
  /** Reading ends of its outputs. */
  stdout: 7,
  stderr: 8,
  /** The master of its terminal, and where that is shown. */
  terminal: 9,
  display: 10,
  above: 11,
} as const;

const RELAYS = 4;
/** `source, sink, start, count, buffer`, each of 64 bits. Descriptors are -1 where there is none. */
const AT = { source: 0, sink: 8, start: 16, count: 24, buffer: 32 } as const;
const RELAY_BYTES = 40;
const CHUNK_BYTES = 16 * 1024;
/** So many bytes a pipe takes at once when poll(2) says that it takes any (pipe(7)): a sink that blocks does not hold us. */
const PIPE_BUF = 4096;
const table = buffer("relays", RELAYS * RELAY_BYTES);
const chunks = buffer("chunks", RELAYS * CHUNK_BYTES);

const relay = slot("relay");
const source = slot("source");
const sink = slot("sink");
const start = slot("start");
const count = slot("count");
const chunk = slot("chunk");
const result = slot("result");

/** 1 where the caller's standard input is a terminal that is relayed to one of the sandbox's. */
export const hasTerminal = slot("has terminal");
/** 1 while what is typed may be read: not from the background (`terminal.ts`). */
export const mayRead = slot("may read");
/** Set before a round; not 0 when something was moved in it. */
export const progress = slot("progress");

const relayAt = (index: number, offset: number, value: Operand): Op =>
  store(table, index * RELAY_BYTES + offset, 8, value);

const openRelay = (index: number, from: Operand, to: Operand): readonly Op[] => [
  relayAt(index, AT.source, from),
  relayAt(index, AT.sink, to),
];

const F_GETFD = 1;
const F_GETFL = 3;
const F_SETFL = 4;

/** Jumps where a descriptor is not open. */
const unlessOpen = (fd: number, otherwise: string): readonly Op[] => [
  ignoring(call("fcntl", [fd, flags({ F_GETFD }), 0], result)),
  branch(result, "less", 0, otherwise),
];

/** The descriptor is the only one of its open file: nobody else is affected. */
const doNotBlock = (fd: number): readonly Op[] => [
  call("fcntl", [fd, flags({ F_GETFL }), 0], result),
  compute(result, result, "or", O_NONBLOCK),
  call("fcntl", [fd, flags({ F_SETFL }), result]),
];

const relayStream = (index: number, fd: number, from: number, to: number): readonly Op[] => [
  ...unlessOpen(fd, `relay ${index}: none`),
  ...doNotBlock(fd),
  ...openRelay(index, from, to),
  label(`relay ${index}: none`),
];

/** 1 where the payload has the caller's own terminal, and is in its job. */
export const sharesTerminal = slot("shares terminal");

const relayTerminal = (): readonly Op[] => [
  ...unlessOpen(RELAY_FDS.terminal, "relay: shared terminal"),
  ...doNotBlock(RELAY_FDS.terminal),
  ...openRelay(3, RELAY_FDS.terminal, RELAY_FDS.display),
  ...ask(0, result),
  branch(result, "notEqual", 0, "relay: no terminal"),
  ...openRelay(0, 0, RELAY_FDS.terminal),
  set(hasTerminal, 1),
  jump("relay: no terminal"),
  label("relay: shared terminal"),
  load(result, table, AT.source, 8),
  branch(result, "equal", 0, "relay: no terminal"),
  ...ask(0, result),
  branch(result, "notEqual", 0, "relay: no terminal"),
  set(sharesTerminal, 1),
  label("relay: no terminal"),
];

/** Finds out what there is to relay. */
export const openRelays = (): readonly Op[] => [
  ...Array.from({ length: RELAYS }, (_, index) => openRelay(index, -1, -1)).flat(),
  set(mayRead, 1),
  ...Array.from({ length: RELAYS }).flatMap((_, index) => [
    compute(chunk, chunks, "add", index * CHUNK_BYTES),
    relayAt(index, AT.buffer, chunk),
  ]),
  ...relayStream(0, RELAY_FDS.stdin, 0, RELAY_FDS.stdin),
  ...relayStream(1, RELAY_FDS.stdout, RELAY_FDS.stdout, 1),
  ...relayStream(2, RELAY_FDS.stderr, RELAY_FDS.stderr, 2),
  ...relayTerminal(),
  ...closeUnused(),
];

/** Whoever waits for the end of a stream must not wait for us: what no relay uses is closed. The terminal is asked through 0. */
const closeUnused = (): readonly Op[] =>
  [0, 1, 2].flatMap((fd) => [
    ...Array.from({ length: RELAYS }).flatMap((_, index) => [
      load(result, table, index * RELAY_BYTES + (fd === 0 ? AT.source : AT.sink), 8),
      branch(result, "equal", fd, `stream ${fd} is used`),
    ]),
    ignoring(close(fd)),
    label(`stream ${fd} is used`),
  ]);

// --- a round ---

const loadRelay = (): readonly Op[] => [
  load(source, relay, AT.source, 8),
  load(sink, relay, AT.sink, 8),
  load(count, relay, AT.count, 8),
];

const POLLFD_BYTES = 8;
const POLLIN = 1;
const POLLOUT = 4;
export const RELAY_POLLFDS_BYTES = RELAYS * POLLFD_BYTES;

const pollAt = slot("pollfd");
const pending = slot("pending");
/** 1 where an output waits to be written. */
export const outputPending = slot("output pending");

const nextRelay = (loop: string): readonly Op[] => [
  compute(relay, relay, "add", RELAY_BYTES),
  compute(pollAt, pollAt, "add", POLLFD_BYTES),
  compute(pending, pending, "add", 1),
  branch(pending, "less", RELAYS, loop),
];

const firstRelay = (pollfds: Operand): readonly Op[] => [set(relay, table), set(pollAt, pollfds), set(pending, 0)];

/**
 * Fills one `struct pollfd` for each relay: its sink where something is to be written, else its source. Input is left alone from the
 * background, and once the payload has ended, when `ending` is not 0.
 */
export const askRelays = (pollfds: Operand, ending: Slot): readonly Op[] => [
  ...firstRelay(pollfds),
  set(outputPending, 0),
  label("ask relay"),
  ...loadRelay(),
  set(result, POLLIN),
  branch(count, "equal", 0, "ask: source"),
  set(source, sink),
  set(result, POLLOUT),
  label("ask: source"),
  branch(pending, "notEqual", 0, "ask: output"),
  branch(ending, "notEqual", 0, "ask: nothing"),
  branch(mayRead, "notEqual", 0, "ask: fill"),
  label("ask: nothing"),
  set(source, -1),
  jump("ask: fill"),
  label("ask: output"),
  branch(count, "equal", 0, "ask: fill"),
  set(outputPending, 1),
  label("ask: fill"),
  store(pollAt, 0, 4, source),
  store(pollAt, 4, 4, result),
  ...nextRelay("ask relay"),
];

/** EAGAIN and EINTR are no end. */
const unlessForNow = (otherwise: string): readonly Op[] => [
  branch(result, "equal", -errnos.EAGAIN, "relay: moved"),
  branch(result, "equal", -errnos.EINTR, "relay: moved"),
  jump(otherwise),
];

const readChunk = (): readonly Op[] => [
  label("relay: read"),
  load(chunk, relay, AT.buffer, 8),
  ignoring(call("read", [source, chunk, CHUNK_BYTES], result)),
  branch(result, "greater", 0, "relay: was read"),
  branch(result, "equal", 0, "relay: ended"),
  ...unlessForNow("relay: ended"),
  label("relay: was read"),
  store(relay, AT.start, 8, 0),
  store(relay, AT.count, 8, result),
  set(progress, 1),
  jump("relay: moved"),
];

const writeChunk = (): readonly Op[] => [
  label("relay: write"),
  load(chunk, relay, AT.buffer, 8),
  load(start, relay, AT.start, 8),
  compute(chunk, chunk, "add", start),
  set(result, count),
  branch(count, "lessOrEqual", PIPE_BUF, "relay: write all"),
  set(result, PIPE_BUF),
  label("relay: write all"),
  ignoring(call("write", [sink, chunk, result], result)),
  branch(result, "greaterOrEqual", 0, "relay: was written"),
  ...unlessForNow("relay: ended"),
  label("relay: was written"),
  compute(start, start, "add", result),
  compute(count, count, "subtract", result),
  store(relay, AT.start, 8, start),
  store(relay, AT.count, 8, count),
  set(progress, 1),
  jump("relay: moved"),
];

/**
 * The end of a file is told to the payload, and the end of whoever reads its output too: the pipe is closed. The terminal stays, since it
 * goes both ways.
 */
const endRelay = (): readonly Op[] => [
  label("relay: ended"),
  set(progress, 1),
  store(relay, AT.count, 8, 0),
  store(relay, AT.source, 8, -1),
  store(relay, AT.sink, 8, -1),
  ...[source, sink].flatMap((fd, index) => [
    branch(fd, "less", RELAY_FDS.stdin, `keep ${index}`),
    branch(fd, "greaterOrEqual", RELAY_FDS.terminal, `keep ${index}`),
    ignoring(close(fd)),
    label(`keep ${index}`),
  ]),
];

/** Moves what can be moved, after ppoll has filled the answers in. */
export const moveRelays = (pollfds: Operand): readonly Op[] => [
  set(progress, 0),
  ...firstRelay(pollfds),
  label("move relay"),
  load(result, pollAt, 6, 2),
  branch(result, "equal", 0, "relay: moved"),
  ...loadRelay(),
  branch(count, "notEqual", 0, "relay: write"),
  ...readChunk(),
  ...writeChunk(),
  ...endRelay(),
  label("relay: moved"),
  ...nextRelay("move relay"),
];
