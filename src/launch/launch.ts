/**
 * One launch: pipes, sources, clone, maps, release.
 * @module
 */

import { ptr } from "bun:ffi";
import { FDS } from "../launcher/layout.ts";
import { AT_FDCWD, AT_RECURSIVE, O_CLOEXEC, OPEN_TREE_CLONE } from "../linux/file.ts";
import { ID_POOL_BASE } from "../linux/idpool.ts";
import { type Cloned, cloneInto, type Move } from "./clone.ts";
import { cString, OwnedFd, openPair, openPipe, writeProcFile } from "./fd.ts";
import { mapSources } from "./idmap.ts";
import { mustCall, tryCall } from "./libc.ts";
import { executableOf } from "./memfd.ts";
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
    const all = [this.lifeline, this.status, this.pidfd, this.written, this.#channel];
    for (const fd of [...all, ...this.#relayEnds.map((end) => end.fd)]) fd?.[Symbol.dispose]();
  }
}

interface LaunchedEnds {
  readonly status: OwnedFd;
  readonly lifeline: OwnedFd;
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

/**
 * The kernel id of a sandbox that root starts follows from the pid of its first process, which is nobody else's while it lives:
 * no file, no lock, nothing to clean up (linux/idpool.ts).
 */
export const mapOwnIds = (pid: number, inside: { readonly uid: number; readonly gid: number }): void => {
  writeProcFile(`/proc/${pid}/gid_map`, `${inside.gid} ${ID_POOL_BASE + pid} 1`);
  writeProcFile(`/proc/${pid}/uid_map`, `${inside.uid} ${ID_POOL_BASE + pid} 1`);
};

/** @throws CallError; nothing is left behind then */
export const launch = (prepared: Prepared): Launched => {
  const { image, namespaces, sources, secrets, tellsWritten, ownIds, ambient } = prepared;
  using scope = new DisposableStack();
  // Above every number that the launcher gives a meaning to, so that no move overwrites what a later one needs.
  const own = (fd: OwnedFd): OwnedFd => scope.use(fd).raise(FDS.firstSource + sources.length + secrets.length + 1);
  const [status, lifeline] = [openPipe(), openPipe()];
  for (const fd of [status.reading, status.writing, lifeline.reading, lifeline.writing]) own(fd);
  const streams = openStreams(prepared);
  for (const { fd } of [...streams.inside, ...streams.outside]) own(fd);
  if (streams.channel) own(streams.channel);
  const executable = own(executableOf(image));
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
    ...movesOf(streams),
    ...handedOver.map((fd, index) => ({ from: fd.number, to: FDS.firstSource + index })),
  ];
  const cloned = cloneInto({ namespaces, image: executable, moves, ambient });
  const keep = (fd: OwnedFd): OwnedFd => new OwnedFd(fd.release());
  const ends = {
    status: keep(status.reading),
    lifeline: keep(lifeline.writing),
    written: written && keep(written),
    channel: streams.channel && keep(streams.channel),
    relayEnds: streams.outside.map(({ fd, to }) => ({ fd: keep(fd), to })),
  };
  const launched = new Launched(cloned, ends, prepared);
  if (ownIds)
    orEnd(launched, () => {
      mapOwnIds(launched.pid, ownIds);
      mapSources(opened, sources, { uid: ID_POOL_BASE + launched.pid, gid: ID_POOL_BASE + launched.pid });
    });
  return launched;
};

/** The launcher waits meanwhile. */
const orEnd = (launched: Launched, work: () => void): void => {
  try {
    work();
  } catch (error) {
    // The end of the lifeline makes the launcher leave.
    launched[Symbol.dispose]();
    tryCall("wait4", launched.pid, 0, 0, 0);
    throw error;
  }
};
