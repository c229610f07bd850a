/**
 * Which ranges of ids are locked, as the kernel tells.
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { ID_RANGE_FIRST, ID_RANGE_IDS } from "../../src/linux/idpool.ts";

export const LOCK_FILE = "/run/bunker/ids.lock";

const inode = (): number => statSync(LOCK_FILE, { throwIfNoEntry: false })?.ino ?? -1;

/** Bases of the ranges that somebody holds. A line of /proc/locks: `1: OFDLCK ADVISORY WRITE -1 00:1f:123 5 5`. */
export const lockedRanges = (): readonly number[] =>
  readFileSync("/proc/locks", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, kind, , , , file]) => kind === "OFDLCK" && file?.endsWith(`:${inode()}`))
    .map(([, , , , , , start]) => ID_RANGE_FIRST + Number(start) * ID_RANGE_IDS);
