/**
 * Who the payload is where many ids are mapped: `--userns auto`, `--uidmap` and `--gidmap`.
 *
 * Loaded only where one of them is given.
 * @module
 */
import {
  EXTENTS_MAX,
  type Extent,
  type Host,
  ID_RANGE_IDS,
  type Identity,
  MAP_BYTES_MAX,
  mergeExtents,
  printMap,
  refuse,
  showIds,
  toInside,
  toOutside,
} from "../../src/api.ts";
import { accountsOf, chooseInside, hostRootId, SANDBOX } from "./identity.ts";
import { parseExtent, parseIdOrName } from "./ids.ts";
import { allowsSetgroups, checkGiven, helpersOf, rangeOfCaller, type Which } from "./subids.ts";

export interface RangeOptions {
  readonly auto: boolean;
  readonly user: string | undefined;
  readonly groups: readonly string[];
  readonly uidmap: readonly string[];
  readonly gidmap: readonly string[];
  readonly mapHostRoot: boolean;
  /** Of `--rootfs`. */
  readonly directory: string | undefined;
}

/** An entry as it was written, for messages. */
interface Entry {
  readonly text: string;
  readonly extent: Extent;
}

type Maps = Readonly<Record<Which, readonly Extent[]>>;

const EITHER = ["uid", "gid"] as const;

const wrong = (code: string, message: string, hint?: string): never => refuse({ code, message, hint });

const parse = (flag: string, text: string): Entry => {
  const extent = parseExtent(text);
  return typeof extent === "string" ? wrong("E_IDMAP", `${flag} ${text}: ${extent}`) : { text, extent };
};

/** Ids that both have, on one side. */
const shared = (side: "inside" | "outside", one: Extent, other: Extent): string | undefined => {
  const first = Math.max(one[side], other[side]);
  const end = Math.min(one[side] + one.count, other[side] + other.count);
  return first < end ? showIds(first, end - first) : undefined;
};

const checkOverlaps = (flag: string, entries: readonly Entry[]): void => {
  for (const [index, one] of entries.entries())
    for (const other of entries.slice(index + 1))
      for (const side of ["inside", "outside"] as const) {
        const ids = shared(side, one.extent, other.extent);
        if (ids !== undefined)
          wrong(
            "E_IDMAP_OVERLAP",
            `${flag} ${one.text} and ${flag} ${other.text} overlap: both have ${ids} ${side}`,
            "every id inside is one id outside, and the other way round",
          );
      }
};

const checkSize = (flag: string, extents: readonly Extent[]): void => {
  const bytes = printMap(extents).length;
  if (extents.length <= EXTENTS_MAX && bytes <= MAP_BYTES_MAX) return;
  wrong(
    "E_IDMAP_SIZE",
    `${flag}: a map of ${extents.length} lines and ${bytes} bytes is too long: the kernel takes ${EXTENTS_MAX} lines and ${MAP_BYTES_MAX} bytes`,
    "larger ranges take fewer lines",
  );
};

const checkHostRoot = (which: Which, extents: readonly Extent[], what: string, host: Host): string | undefined => {
  const root = hostRootId(which, host);
  const inside = root === undefined ? undefined : toInside(extents, root);
  return inside === undefined ? undefined : `${what} maps ${which} ${root} of the host, which is root, to ${inside}`;
};

/** As in podman, one of the two is enough for both. */
const entriesOf = (which: Which, { uidmap, gidmap }: RangeOptions): { flag: string; entries: readonly Entry[] } => {
  const [own, other] = which === "uid" ? [uidmap, gidmap] : [gidmap, uidmap];
  const texts = own.length > 0 ? own : other;
  return { flag: `--${which}map`, entries: texts.map((text) => parse(`--${which}map`, text)) };
};

const explicitMap = (which: Which, options: RangeOptions, host: Host): readonly Extent[] => {
  const { flag, entries } = entriesOf(which, options);
  checkOverlaps(flag, entries);
  if (host.uid !== 0) for (const { text, extent } of entries) checkGiven(which, extent, text, host);
  const extents = mergeExtents(entries.map(({ extent }) => extent));
  checkSize(flag, extents);
  return extents;
};

const refuseAuto = (): never =>
  wrong(
    "E_ID_RANGE_RIGHTS",
    "this root may not give the sandbox ids of its own",
    "it takes CAP_SETUID, CAP_SETGID and CAP_SYS_ADMIN, and ids to give away: /proc/self/uid_map shows those there are",
  );

type Outside = Pick<Identity, "outside" | "maps">;

const isSingle = (extents: readonly Extent[], own: number): boolean =>
  extents.length === 1 && extents[0]?.count === 1 && extents[0].outside === own;

const outsideOf = (options: RangeOptions, host: Host): Outside & { readonly mapped: Maps } => {
  if (options.auto && host.uid === 0) {
    if (!host.mayMapIds) return refuseAuto();
    const all = [{ inside: 0, outside: 0, count: ID_RANGE_IDS }];
    return { outside: "range", mapped: { uid: all, gid: all } };
  }
  const mapOf = (which: Which) => (options.auto ? rangeOfCaller(which, host) : explicitMap(which, options, host));
  const mapped = { uid: mapOf("uid"), gid: mapOf("gid") };
  if (host.uid === 0) return { outside: "maps", maps: { ...mapped, setgroups: true }, mapped };
  // The caller's own id is the one that needs no helper.
  if (EITHER.every((which) => isSingle(mapped[which], host[which]))) return { outside: "caller", mapped };
  const maps = { ...mapped, helpers: helpersOf(host), setgroups: allowsSetgroups(mapped.gid, host) };
  return { outside: "maps", maps, mapped };
};

const shownMap = (which: Which, extents: readonly Extent[], { auto }: RangeOptions): string => {
  const all = extents.map(({ inside, count }) => showIds(inside, count)).join(", ");
  return auto ? `--userns auto maps ${all}` : `--${which}map has ${all}`;
};

const checkMapped = (
  which: Which,
  id: number,
  whose: string,
  extents: readonly Extent[],
  options: RangeOptions,
): void => {
  if (toOutside(extents, id) !== undefined) return;
  wrong(
    "E_IDMAP_GAP",
    `${which} ${id}, ${whose}, is not mapped: ${shownMap(which, extents, options)} inside`,
    options.auto ? "choose an id that is" : `map it: --${which}map ${id}:OUT:1, or choose one that is: --user UID:GID`,
  );
};

const groupsOf = (options: RangeOptions, { outside, maps }: Outside, host: Host): readonly number[] => {
  if (options.groups.length > 0 && (outside === "caller" || maps?.setgroups === false))
    wrong(
      "E_GROUP_ADD",
      `--group-add ${options.groups[0]}: you have no group to give but your own, and then the kernel lets nobody inside have others`,
      "--userns auto, or --gidmap with groups of /etc/subgid",
    );
  const accounts = accountsOf(SANDBOX, options.directory, host);
  const ids = options.groups.map((text) => {
    const group = parseIdOrName(text);
    const gid = group?.kind === "name" ? accounts.group(group.name) : group?.id;
    return typeof gid === "number" ? gid : wrong("E_GROUP_ADD", `--group-add ${JSON.stringify(text)} is no group`);
  });
  return [...new Set(ids)].sort((one, other) => one - other);
};

export interface Ranged {
  readonly identity: Identity;
  readonly notes: readonly string[];
}

/** @throws BunkerError that names the flag, the entry and what is allowed */
export const rangedIdentity = (options: RangeOptions, host: Host): Ranged => {
  const { mapped, ...outside } = outsideOf(options, host);
  const roots =
    outside.outside === "range"
      ? []
      : EITHER.flatMap((which) => {
          const what = options.auto ? "--userns auto" : `--${which}map`;
          return checkHostRoot(which, mapped[which], what, host) ?? [];
        });
  const [root] = roots;
  if (root !== undefined && !options.mapHostRoot)
    wrong(
      "E_HOST_ROOT",
      root,
      "the payload would own whatever root of the host owns: leave that id out, or say --dangerously-map-host-root",
    );
  const accounts = accountsOf(SANDBOX, options.directory, host);
  const inside = chooseInside({ user: options.user, own: SANDBOX, accounts }, host);
  const groups = groupsOf(options, outside, host);
  if (typeof inside.uid === "number") checkMapped("uid", inside.uid, "the payload's", mapped.uid, options);
  if (typeof inside.gid === "number") checkMapped("gid", inside.gid, "the payload's", mapped.gid, options);
  for (const group of groups) checkMapped("gid", group, "of --group-add", mapped.gid, options);
  return {
    identity: { ...inside, isDefault: false, ...outside, ...(groups.length === 0 ? {} : { groups }) },
    notes: roots.map(
      (text) =>
        `--dangerously-map-host-root: ${text} inside. That id is root of the host for every file and every check of an owner, ` +
        "with or without capabilities.",
    ),
  };
};
