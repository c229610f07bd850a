/**
 * File systems in memory.
 *
 * @see https://man7.org/linux/man-pages/man5/tmpfs.5.html
 * @module
 */
import { MS } from "../../linux/mount.ts";

export const TMPFS_FLAGS = { MS_NOSUID: MS.NOSUID, MS_NODEV: MS.NODEV };

/** Both limits always: a tmpfs without them takes half of the memory. */
export const tmpfsOptions = (of: { sizeBytes: number; inodes: number; mode?: number }): string =>
  `size=${of.sizeBytes},nr_inodes=${of.inodes},mode=${(of.mode ?? 0o755).toString(8).padStart(4, "0")}`;
