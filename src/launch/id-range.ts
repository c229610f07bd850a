/**
 * Ranges of ids for sandboxes of root, each for one sandbox at a time: systemd-nspawn's way, with locks.
 *
 * A lock is on one byte of one file, whose place says which range it is for. It belongs to an open file (fcntl(2), "Open file
 * description locks"), which monitor and init hold and nobody else: it ends when the last of them does, however they end, and there
 * is nothing to clean up. Each of them outlives every process that has the ids: init ends those before it goes itself, and the
 * monitor goes when init has. Two cases are left to chance, for the moment that the kernel takes to end the rest: both are killed at
 * once, or the monitor is where there is no init.
 *
 * @see https://man7.org/linux/man-pages/man2/F_GETLK.2const.html
 * @see https://systemd.io/UIDS-GIDS
 * @module
 */
import { ptr } from "bun:ffi";
import { noRangeLeft, rangesNotLockable } from "../errors/ids.ts";
import { errnos, errnoText } from "../linux/errno.ts";
import { O_CREAT, O_RDWR, S_IFMT, S_IFREG } from "../linux/file.ts";
import { ID_RANGE_FIRST, ID_RANGE_IDS, ID_RANGES } from "../linux/idpool.ts";
import type { Host } from "../plugin/host.ts";
import { OwnedFd } from "./fd.ts";
import { rangeFilter } from "./id-taken.ts";
import { tryCall } from "./libc.ts";
import { openIn, openRuntimeDirectory, ownerAndMode } from "./runtime-directory.ts";

const DIRECTORY = "/run/bunker";
const LOCKS = "ids.lock";
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
const lockByte = (file: OwnedFd, at: number): boolean => {
  const result = tryCall("fcntl", file.number, F_OFD_SETLK, ptr(oneByte(at)));
  if (result === 0) return true;
  if (result === -errnos.EAGAIN || result === -errnos.EACCES) return false;
  throw rangesNotLockable(`${DIRECTORY}/${LOCKS}`, errnoText(-result));
};

export interface Range {
  readonly base: number;
  /** Whoever closes the last copy of it gives the range back. */
  readonly lock: OwnedFd;
}

/** From a place of its own for each start, so that not all look at the same ones. @throws BunkerError where there is none */
export const takeRange = (host: Host, start = Math.floor(Math.random() * ID_RANGES)): Range => {
  const isFree = rangeFilter(host);
  using scope = new DisposableStack();
  const lock = scope.use(openLocks(host.uid));
  for (let tried = 0; tried < ID_RANGES; tried += 1) {
    const index = (start + tried) % ID_RANGES;
    const base = ID_RANGE_FIRST + index * ID_RANGE_IDS;
    if (isFree(base) && lockByte(lock, index)) return { base, lock: new OwnedFd(lock.release()) };
  }
  throw noRangeLeft(ID_RANGES);
};
