/**
 * `--uidmap` and `--gidmap`: entries as they were written → a map that the kernel takes, or what is wrong with them.
 * @module
 */
import {
  EXTENTS_MAX,
  type Extent,
  type Host,
  MAP_BYTES_MAX,
  mergeExtents,
  printMap,
  refuse,
  showIds,
  toInside,
} from "../../src/api.ts";
import { hostRootId } from "./identity.ts";
import { parseExtent } from "./ids.ts";
import { checkGiven, type Which } from "./subids.ts";

/** An entry as it was written, for messages. */
interface Entry {
  readonly text: string;
  readonly extent: Extent;
}

const parse = (flag: string, text: string): Entry => {
  const extent = parseExtent(text);
  if (typeof extent !== "string") return { text, extent };
  return refuse({ code: "E_IDMAP", message: `${flag} ${text}: ${extent}` });
};

/** Ids that both have, on one side. */
const shared = (side: "inside" | "outside", one: Extent, other: Extent): string | undefined => {
  const first = Math.max(one[side], other[side]);
  const end = Math.min(one[side] + one.count, other[side] + other.count);
  return first < end ? showIds(first, end - first) : undefined;
};

const checkPair = (flag: string, one: Entry, other: Entry): void => {
  for (const side of ["inside", "outside"] as const) {
    const ids = shared(side, one.extent, other.extent);
    if (ids !== undefined)
      refuse({
        code: "E_IDMAP_OVERLAP",
        message: `${flag} ${one.text} and ${flag} ${other.text} overlap: both have ${ids} ${side}`,
        hint: "every id inside is one id outside, and the other way round",
      });
  }
};

const checkOverlaps = (flag: string, entries: readonly Entry[]): void => {
  for (const [index, one] of entries.entries())
    for (const other of entries.slice(index + 1)) checkPair(flag, one, other);
};

const checkSize = (flag: string, extents: readonly Extent[]): void => {
  const bytes = printMap(extents).length;
  if (extents.length <= EXTENTS_MAX && bytes <= MAP_BYTES_MAX) return;
  refuse({
    code: "E_IDMAP_SIZE",
    message: `${flag}: a map of ${extents.length} lines and ${bytes} bytes is too long: the kernel takes ${EXTENTS_MAX} lines and ${MAP_BYTES_MAX} bytes`,
    hint: "larger ranges take fewer lines",
  });
};

/** `flag`: the one that the entries were given with. @throws BunkerError that names the entries at fault */
export const mapFrom = (which: Which, flag: string, texts: readonly string[], host: Host): readonly Extent[] => {
  const entries = texts.map((text) => parse(flag, text));
  checkOverlaps(flag, entries);
  if (host.uid !== 0) for (const { text, extent } of entries) checkGiven(which, extent, `${flag} ${text}`, host);
  const extents = mergeExtents(entries.map(({ extent }) => extent));
  checkSize(flag, extents);
  return extents;
};

/** What to say of a map that contains root of the host; undefined for one that does not. `what`: the flag that it comes from. */
export const hostRootIn = (which: Which, extents: readonly Extent[], what: string, host: Host): string | undefined => {
  const root = hostRootId(which, host);
  const inside = root === undefined ? undefined : toInside(extents, root);
  return inside === undefined ? undefined : `${what} maps ${which} ${root} of the host, which is root, to ${inside}`;
};
