/**
 * The ids that sandboxes of a caller who is root get outside.
 *
 * Where one id is enough it is the base plus the pid of the sandbox's first process: no other process has that pid while it lives, so
 * no two sandboxes share an id, and there is no file of leases to lock, to lose or to clean up. There are not enough ids for
 * a range of each pid's own: ranges come from a pool with a lock (launch/id-range.ts).
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

/** Ids of a range, as systemd-nspawn and the shadow utilities have it. Ranges start at multiples of it. */
export const ID_RANGE_IDS = 65_536;
/** The bases of ranges, in systemd's part for containers: the same as systemd-nspawn picks from. */
export const ID_RANGE_FIRST = 524_288;
export const ID_RANGE_LAST = 1_878_982_656;
export const ID_RANGES = (ID_RANGE_LAST - ID_RANGE_FIRST) / ID_RANGE_IDS + 1;
