/**
 * Ranges of ids that others give out, and that are left alone: those of /etc/subuid and /etc/subgid, those in which an account has an
 * id, and those that systemd-nspawn and systemd-nsresourced have an entry for.
 *
 * They do not look at our locks: a container that they start later may get ids that a sandbox has, which then is theirs alone to
 * prevent (systemd-nspawn --private-users=BASE).
 *
 * @see https://man7.org/linux/man-pages/man5/subuid.5.html
 * @see https://man7.org/linux/man-pages/man1/systemd-nspawn.1.html
 * @module
 */
import { rangesNotLockable } from "../errors/ids.ts";
import { parseId } from "../linux/idmap.ts";
import { ID_RANGE_IDS, mapCovers } from "../linux/idpool.ts";
import { parseSubids } from "../linux/subid.ts";
import type { Host } from "../plugin/host.ts";
import { MAP_BYTES_MAX, MAP_FILES } from "./host.ts";

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
