/**
 * Ranges of ids for sandboxes of root, each for one sandbox at a time: systemd-nspawn's way, with locks.
 *
 * A lock is on one byte of one file, whose place says which range it is for. It belongs to an open file (fcntl(2), "Open file
 * description locks"), which monitor and init hold and nobody else: it ends when the last of them does, however they end, and there
 * is nothing to clean up. Each of them outlives every process that has the ids: init ends those before it goes itself, and the
 * monitor goes when init has. Two cases are left to chance, for the moment that the kernel takes to end the rest: both are killed at
 * once, or the monitor is where there is no init.
 *
 * What others give out is left alone: the ranges of /etc/subuid and /etc/subgid, those in which an account has an id, and those
 * that systemd-nspawn and systemd-nsresourced have an entry for. They do not look at our locks: a container that they start
 * later may get the same ids, which then is theirs alone to prevent (systemd-nspawn --private-users=BASE).
 *
 * @see https://man7.org/linux/man-pages/man2/F_GETLK.2const.html
 * @see https://systemd.io/UIDS-GIDS
 * @module
 */
import { ptr } from "bun:ffi";
import { noRangeLeft, rangesNotLockable } from "../errors/ids.ts";
import { O_CREAT, O_RDWR, S_IFMT, S_IFREG } from "../linux/file.ts";
import { parseId } from "../linux/idmap.ts";
import { ID_RANGE_FIRST, ID_RANGE_IDS, ID_RANGES, mapCovers } from "../linux/idpool.ts";
import { parseSubids } from "../linux/subid.ts";
import type { Host } from "../plugin/host.ts";
import type { OwnedFd } from "./fd.ts";
import { MAP_BYTES_MAX, MAP_FILES } from "./host.ts";
import { tryCall } from "./libc.ts";
import { openIn, openRuntimeDirectory, ownerAndMode } from "./runtime-directory.ts";

const DIRECTORY = "/run/bunker";
export const LOCKS = "ids.lock";
const OWNER_ONLY = 0o600;

const openLocks = (uid: number): OwnedFd => {
  using directory = openRuntimeDirectory(uid, { create: true });
  if (directory === undefined)
    throw rangesNotLockable(DIRECTORY, "is no directory of root's own with mode 0700, and none can be made");
  const file = openIn(directory, LOCKS, O_RDWR | O_CREAT, OWNER_ONLY);
  const found = file && ownerAndMode(file.number);
  // What is in it, and its mode, do not matter: nobody else comes through the directory.
  if (file && found?.uid === uid && (found.mode & S_IFMT) === S_IFREG) return file;
  file?.[Symbol.dispose]();
  throw rangesNotLockable(`${DIRECTORY}/${LOCKS}`, "is no file of root's own");
};

const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const FLOCK_BYTES = 32;

/** `struct flock { short l_type, l_whence; off_t l_start, l_len; pid_t l_pid }`. */
const oneByte = (at: number): DataView => {
  const lock = new DataView(new ArrayBuffer(FLOCK_BYTES));
  lock.setInt16(0, F_WRLCK, true);
  lock.setBigInt64(8, BigInt(at), true);
  lock.setBigInt64(16, 1n, true);
  return lock;
};

/** False where somebody else has it. */
const lockByte = (file: OwnedFd, at: number): boolean =>
  tryCall("fcntl", file.number, F_OFD_SETLK, ptr(oneByte(at))) === 0;

interface Ids {
  readonly first: number;
  readonly count: number;
}

const FILE_BYTES_MAX = 4 * 1_048_576;

/** A file that is there and says nothing to us may give away anything. */
const textOf = (path: string, host: Host): string => {
  if (host.nodeType(path) === "missing") return "";
  const text = host.readText(path, FILE_BYTES_MAX);
  if (text === undefined) throw rangesNotLockable(path, "cannot be read, and tells which ids are taken");
  return text;
};

/** The uid and gid of a line of passwd(5), or the gid of one of group(5). */
const idsOfAccount = (line: string): readonly Ids[] =>
  line
    .split(":")
    .slice(2, 4)
    .map(parseId)
    .filter((id) => id !== undefined)
    .map((first) => ({ first, count: 1 }));

const takenByOthers = (host: Host): readonly Ids[] => [
  ...["/etc/subuid", "/etc/subgid"].flatMap((path) => parseSubids(textOf(path, host))),
  ...["/etc/passwd", "/etc/group"].flatMap((path) => textOf(path, host).split("\n").flatMap(idsOfAccount)),
];

const isInUse = (base: number, host: Host): boolean =>
  [`/run/systemd/nspawn-uid/${base}`, `/run/systemd/nsresource/registry/u${base}.userns`].some(
    (path) => host.nodeType(path, { follow: false }) !== "missing",
  );

/** Whether a range may be given out, as far as the host's files tell. */
export const rangeFilter = (host: Host): ((base: number) => boolean) => {
  const taken = takenByOthers(host);
  const maps = MAP_FILES.map((path) => host.readText(path, MAP_BYTES_MAX) ?? "");
  return (base) =>
    maps.every((map) => mapCovers(map, base, ID_RANGE_IDS)) &&
    !taken.some(({ first, count }) => first < base + ID_RANGE_IDS && base < first + count) &&
    !isInUse(base, host);
};

export interface Range {
  readonly base: number;
  /** Whoever closes the last copy of it gives the range back. */
  readonly lock: OwnedFd;
}

/** From a place of its own for each start, so that not all look at the same ones. @throws BunkerError where there is none */
export const takeRange = (host: Host, start = Math.floor(Math.random() * ID_RANGES)): Range => {
  const isFree = rangeFilter(host);
  const lock = openLocks(host.uid);
  for (let tried = 0; tried < ID_RANGES; tried += 1) {
    const index = (start + tried) % ID_RANGES;
    const base = ID_RANGE_FIRST + index * ID_RANGE_IDS;
    if (isFree(base) && lockByte(lock, index)) return { base, lock };
  }
  lock[Symbol.dispose]();
  throw noRangeLeft(ID_RANGES);
};
