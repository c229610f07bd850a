/**
 * The ids that sandboxes of a caller who is root get outside.
 *
 * A sandbox's id is the base plus the pid of its first process: no other process has that pid while it lives, so no two sandboxes
 * share an id, and there is no file of leases to lock, to lose or to clean up.
 *
 * systemd lists how uids are commonly used (systemd.io/UIDS-GIDS): 524288…1879048191 is for containers, 2147352576 and up for
 * special uses; what lies between is unused.
 * @module
 */
export const ID_POOL_BASE = 0x7000_0000;

/** `PID_MAX_LIMIT` on 64-bit kernels (include/linux/threads.h): pids are below it. */
export const ID_POOL_SIZE = 4 * 1024 * 1024;

/**
 * Whether a map as /proc/PID/uid_map shows it (lines of `inside outside count`) has every id from `first` on.
 * One line must hold them all: the kernel does not join neighbouring lines either.
 */
export const mapCovers = (map: string, first: number, count: number): boolean =>
  map.split("\n").some((line) => {
    const [inside = Number.NaN, , length = 0] = line.trim().split(/\s+/).map(Number);
    return inside <= first && first + count <= inside + length;
  });
