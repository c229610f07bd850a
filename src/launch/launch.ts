/**
 * One launch: pipes, sources, clone, maps, release.
 * @module
 */

import { ptr } from "bun:ffi";
import { launcherDied } from "../errors/launch.ts";
import { FDS } from "../launcher/layout.ts";
import { AT_FDCWD, AT_RECURSIVE, O_CLOEXEC, OPEN_TREE_CLONE } from "../linux/file.ts";
import { ID_POOL_BASE } from "../linux/idpool.ts";
import { readRecord } from "./channel.ts";
import { type Cloned, cloneInto, type Move } from "./clone.ts";
import { cString, OwnedFd, openPair, openPipe, readProcFile, writeProcFile } from "./fd.ts";
import { mapSources } from "./idmap.ts";
import { mustCall, tryCall } from "./libc.ts";
import { hiddenExecutableOf } from "./memfd.ts";
import type { Prepared, PreparedSource } from "./prepared.ts";
import { openSecret } from "./secrets.ts";
import { movesOf, openStreams, type Streams, takeTerminal } from "./streams.ts";

/** A sandbox whose launcher runs, or waits to be released. */
export class Launched implements Disposable {
  readonly pid: number;
  readonly pidfd: OwnedFd;
  readonly status: OwnedFd;
  /** The writing end. Closing it ends the sandbox. */
  readonly lifeline: OwnedFd;
  /** Of the sandbox's ids, where they are its own by a lock. */
  readonly lock: OwnedFd | undefined;
  readonly #waits: boolean;
  readonly #terminal: number;
  #channel: OwnedFd | undefined;
  #relayEnds: Streams["outside"];

  /** Where what was written to overlays arrives, if it was asked for. */
  readonly written: OwnedFd | undefined;

  constructor(cloned: Cloned, ends: LaunchedEnds, { waits, terminal }: Pick<Prepared, "waits" | "terminal">) {
    this.pid = cloned.pid;
    this.pidfd = cloned.pidfd;
    this.status = ends.status;
    this.lifeline = ends.lifeline;
    this.lock = ends.lock;
    this.written = ends.written;
    this.#waits = waits;
    this.#terminal = terminal;
    this.#channel = ends.channel;
    this.#relayEnds = ends.relayEnds;
  }

  /** Our ends of the streams that are relayed, with their numbers in the process that relays. Whoever takes them owns them. */
  giveRelayEnds(): Streams["outside"] {
    const given = this.#relayEnds;
    this.#relayEnds = [];
    return given;
  }

  /**
   * Lets the launcher go on, and gives it the terminal that it asks for. A launcher that has ended before is found out by its
   * status, not here.
   */
  release(): void {
    if (this.#waits) tryCall("write", this.lifeline.number, ptr(new Uint8Array([1])), 1);
    this.#relayEnds = [...this.#relayEnds, ...takeTerminal(this.#channel, this.#terminal)];
    this.#channel = undefined;
  }

  [Symbol.dispose](): void {
    const all = [this.lifeline, this.status, this.pidfd, this.lock, this.written, this.#channel];
    for (const fd of [...all, ...this.#relayEnds.map((end) => end.fd)]) fd?.[Symbol.dispose]();
  }
}

interface LaunchedEnds {
  readonly status: OwnedFd;
  readonly lifeline: OwnedFd;
  readonly lock: OwnedFd | undefined;
  readonly written: OwnedFd | undefined;
  readonly channel: OwnedFd | undefined;
  readonly relayEnds: Streams["outside"];
}

/** A detached copy of the mounts below a path, made with this process's rights. */
const openSource = ({ path, recursive }: PreparedSource): OwnedFd => {
  const name = cString(path);
  const bits = OPEN_TREE_CLONE | O_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
  return new OwnedFd(mustCall(`open_tree(${JSON.stringify(path)})`, "open_tree", AT_FDCWD, ptr(name), bits));
};

/** Ids that are given out at the start of a sandbox. */
export interface IdClaim {
  /** Held by whoever lives as long as the sandbox: the ids are nobody else's until it is closed. */
  readonly lock: OwnedFd | undefined;
  /** They are written with the caller's rights alone, so that the launcher has to open its files in /proc to the caller first. */
  readonly asCaller: boolean;
  /** The payload's ids outside. */
  readonly payload: { readonly uid: number; readonly gid: number };
  /** Writes the maps of a launcher that waits. @throws what is wrong, in words, or CallError */
  map(pid: number): void;
}

/**
 * The kernel id of a sandbox that root starts follows from the pid of its first process, which is nobody else's while it lives:
 * no file, no lock, nothing to clean up (linux/idpool.ts).
 */
export const mapOwnIds = (pid: number, inside: { readonly uid: number; readonly gid: number }): void => {
  writeProcFile(`/proc/${pid}/gid_map`, `${inside.gid} ${ID_POOL_BASE + pid} 1`);
  writeProcFile(`/proc/${pid}/uid_map`, `${inside.uid} ${ID_POOL_BASE + pid} 1`);
};

/**
 * Before the launcher goes on, and as root: what it writes is what the score can never be less than again (launcher/oom.ts).
 */
const raiseOomScore = (pid: number, atLeast: number): void => {
  const path = `/proc/${pid}/oom_score_adj`;
  if (atLeast > 0) writeProcFile(path, String(Math.max(atLeast, Number(readProcFile(path)))));
};

/**
 * `claim`: where {@link Prepared.maps} asks for it.
 * @throws CallError; nothing is left behind then
 */
export const launch = (prepared: Prepared, claim?: IdClaim): Launched => {
  const { image, namespaces, sources, secrets, tellsWritten, ambient } = prepared;
  using scope = new DisposableStack();
  const firstHandedOver = FDS.firstSource + (claim?.lock ? 1 : 0);
  // Above every number that the launcher gives a meaning to, so that no move overwrites what a later one needs.
  const own = (fd: OwnedFd): OwnedFd => scope.use(fd).raise(firstHandedOver + sources.length + secrets.length + 1);
  const lock = claim?.lock && own(claim.lock);
  const [status, lifeline] = [openPipe(), openPipe()];
  for (const fd of [status.reading, status.writing, lifeline.reading, lifeline.writing]) own(fd);
  const streams = openStreams(prepared);
  for (const { fd } of [...streams.inside, ...streams.outside]) own(fd);
  if (streams.channel) own(streams.channel);
  const executable = own(hiddenExecutableOf(image));
  const opened = sources.map((source) => own(openSource(source)));
  const socket = tellsWritten ? openPair() : undefined;
  const written = socket && own(socket.one);
  const handedOver = [
    ...opened,
    ...secrets.map((secret) => own(openSecret(secret))),
    ...(socket ? [own(socket.other)] : []),
  ];
  const moves: readonly Move[] = [
    { from: status.writing.number, to: FDS.status },
    { from: lifeline.reading.number, to: FDS.lifeline },
    ...(lock ? [{ from: lock.number, to: FDS.firstSource }] : []),
    ...movesOf(streams),
    ...handedOver.map((fd, index) => ({ from: fd.number, to: firstHandedOver + index })),
  ];
  const cloned = cloneInto({ namespaces, image: executable, moves, ambient });
  const keep = (fd: OwnedFd): OwnedFd => new OwnedFd(fd.release());
  const ends = {
    status: keep(status.reading),
    lifeline: keep(lifeline.writing),
    lock: lock && keep(lock),
    written: written && keep(written),
    channel: streams.channel && keep(streams.channel),
    relayEnds: streams.outside.map(({ fd, to }) => ({ fd: keep(fd), to })),
  };
  const launched = new Launched(cloned, ends, prepared);
  prepareOrEnd(launched, prepared, opened, claim);
  return launched;
};

/** What is done from outside while the launcher waits. */
const prepareOrEnd = (
  launched: Launched,
  { ownIds, oomScore, sources }: Prepared,
  opened: readonly OwnedFd[],
  claim: IdClaim | undefined,
): void => {
  const { pid } = launched;
  try {
    raiseOomScore(pid, oomScore);
    if (ownIds) mapOwnIds(pid, ownIds);
    if (claim?.asCaller && readRecord(launched.status) === undefined) throw launcherDied(undefined);
    claim?.map(pid);
    const payload = claim?.payload ?? { uid: ID_POOL_BASE + pid, gid: ID_POOL_BASE + pid };
    if (ownIds || claim) mapSources(opened, sources, payload);
  } catch (error) {
    // The end of the lifeline makes the launcher leave.
    launched[Symbol.dispose]();
    tryCall("wait4", launched.pid, 0, 0, 0);
    throw error;
  }
};
