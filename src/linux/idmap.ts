/**
 * Id maps: which ids of a user namespace are which ids of its parent. The lines of /proc/PID/uid_map and gid_map.
 *
 * @see https://man7.org/linux/man-pages/man7/user_namespaces.7.html
 * @module
 */

/** One line of a map: `count` ids from `inside` on are the ones from `outside` on. */
export interface Extent {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** 2^32 - 1 is `(uid_t) -1`, which setresuid(2) reads as "no change", and names nobody. */
export const ID_MAX = 4_294_967_294;

/** `UID_GID_MAP_MAX_EXTENTS`, include/linux/user_namespace.h. */
export const EXTENTS_MAX = 340;

/** A map is written in one call of less than a page (user_namespaces(7)); the smallest page there is. */
export const MAP_BYTES_MAX = 4095;

/** Strictly decimal: no sign, no blank, no leading zero. */
export const parseId = (text: string): number | undefined => {
  if (!/^(0|[1-9][0-9]{0,9})$/.test(text)) return undefined;
  const id = Number(text);
  return id <= ID_MAX ? id : undefined;
};

/** What the kernel is told. */
export const printMap = (extents: readonly Extent[]): string =>
  extents.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join("");

/** What the kernel tells. A map of all ids has one id more than there are, 4294967295 of them. */
export const readMap = (text: string): readonly Extent[] =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
      return { inside, outside, count };
    });

const holds = (first: number, count: number, id: number): boolean => id >= first && id < first + count;

/** The id outside; undefined for one that is not mapped. */
export const toOutside = (extents: readonly Extent[], inside: number): number | undefined => {
  const extent = extents.find((one) => holds(one.inside, one.count, inside));
  return extent && extent.outside + (inside - extent.inside);
};

/** The id inside; undefined for one that is not mapped. */
export const toInside = (extents: readonly Extent[], outside: number): number | undefined => {
  const extent = extents.find((one) => holds(one.outside, one.count, outside));
  return extent && extent.inside + (outside - extent.outside);
};

/** In the order of the ids inside, with neighbours joined where they are neighbours outside too: the same map in fewer lines. */
export const mergeExtents = (extents: readonly Extent[]): readonly Extent[] => {
  const merged: Extent[] = [];
  for (const next of [...extents].sort((one, other) => one.inside - other.inside)) {
    const last = merged.at(-1);
    const continues = last && last.inside + last.count === next.inside && last.outside + last.count === next.outside;
    if (continues) merged[merged.length - 1] = { ...last, count: last.count + next.count };
    else merged.push(next);
  }
  return merged;
};

/** `0-65535`, or `1000` for a single one. */
export const showIds = (first: number, count: number): string =>
  count === 1 ? String(first) : `${first}-${first + count - 1}`;
