/**
 * Who the payload is where many ids are mapped: `--userns auto`, `--uidmap` and `--gidmap`.
 *
 * Loaded only where one of them is given.
 * @module
 */
import { type Extent, type Host, ID_RANGE_IDS, type Identity, refuse, showIds, toOutside } from "../../src/api.ts";
import { accountsOf, chooseInside, SANDBOX } from "./identity.ts";
import { parseIdOrName } from "./ids.ts";
import { hostRootIn, mapFrom } from "./maps.ts";
import { allowsSetgroups, helpersOf, rangeOfCaller, type Which } from "./subids.ts";

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

const EITHER = ["uid", "gid"] as const;

/** As in podman, one of the two is enough for both. */
const givenMap = (which: Which, { uidmap, gidmap }: RangeOptions, host: Host): readonly Extent[] => {
  const usesUidmap = which === "uid" ? uidmap.length > 0 : gidmap.length === 0;
  return usesUidmap ? mapFrom(which, "--uidmap", uidmap, host) : mapFrom(which, "--gidmap", gidmap, host);
};

const isSingle = (extents: readonly Extent[], own: number): boolean =>
  extents.length === 1 && extents[0]?.count === 1 && extents[0].outside === own;

type Outside = Pick<Identity, "outside" | "maps">;
/** What is mapped inside; of a range that is chosen later, where is not known yet. */
type Mapped = Readonly<Record<Which, readonly Extent[]>>;

const ownRange = (host: Host): Outside & { readonly mapped: Mapped } => {
  const all = [{ inside: 0, outside: 0, count: ID_RANGE_IDS }];
  if (host.mayMapIds) return { outside: "range", mapped: { uid: all, gid: all } };
  return refuse({
    code: "E_ID_RANGE_RIGHTS",
    message: "this root may not give the sandbox ids of its own",
    hint: "it takes CAP_SETUID, CAP_SETGID and CAP_SYS_ADMIN, and ids to give away: /proc/self/uid_map shows those there are",
  });
};

const outsideOf = (options: RangeOptions, host: Host): Outside & { readonly mapped: Mapped } => {
  if (options.auto && host.uid === 0) return ownRange(host);
  const mapOf = (which: Which): readonly Extent[] =>
    options.auto ? rangeOfCaller(which, host) : givenMap(which, options, host);
  const mapped = { uid: mapOf("uid"), gid: mapOf("gid") };
  if (host.uid === 0) return { outside: "maps", maps: { ...mapped, setgroups: true }, mapped };
  // The caller's own id is the one that needs no helper.
  if (EITHER.every((which) => isSingle(mapped[which], host[which]))) return { outside: "caller", mapped };
  const maps = { ...mapped, helpers: helpersOf(host), setgroups: allowsSetgroups(mapped.gid, host) };
  return { outside: "maps", maps, mapped };
};

/** What is said of host root in a map that may have it. @throws BunkerError where it may not */
const checkHostRoot = ({ auto, mapHostRoot }: RangeOptions, mapped: Mapped, host: Host): readonly string[] => {
  const found = EITHER.flatMap(
    (which) => hostRootIn(which, mapped[which], auto ? "--userns auto" : `--${which}map`, host) ?? [],
  );
  const [first] = found;
  if (first === undefined || mapHostRoot) return found;
  return refuse({
    code: "E_HOST_ROOT",
    message: first,
    hint: "the payload would own whatever root of the host owns: leave that id out, or say --dangerously-map-host-root",
  });
};

const shownMap = (which: Which, extents: readonly Extent[], { auto }: RangeOptions): string => {
  const all = extents.map(({ inside, count }) => showIds(inside, count)).join(", ");
  return auto ? `--userns auto maps ${all}` : `--${which}map has ${all}`;
};

/** @throws BunkerError where an id that is needed inside is not mapped */
const mappedCheck =
  (mapped: Mapped, options: RangeOptions) =>
  (which: Which, id: number | "caller", whose: string): void => {
    if (id === "caller" || toOutside(mapped[which], id) !== undefined) return;
    refuse({
      code: "E_IDMAP_GAP",
      message: `${which} ${id}, ${whose}, is not mapped: ${shownMap(which, mapped[which], options)} inside`,
      hint: options.auto
        ? "choose an id that is"
        : `map it: --${which}map ${id}:OUT:1, or choose one that is: --user UID:GID`,
    });
  };

const groupsOf = (options: RangeOptions, { outside, maps }: Outside, host: Host): readonly number[] => {
  if (options.groups.length > 0 && (outside === "caller" || maps?.setgroups === false))
    refuse({
      code: "E_GROUP_ADD",
      message: `--group-add ${options.groups[0]}: you have no group to give but your own, and then the kernel lets nobody inside have others`,
      hint: "--userns auto, or --gidmap with groups of /etc/subgid",
    });
  const accounts = accountsOf(SANDBOX, options.directory, host);
  const ids = options.groups.map((text) => {
    const group = parseIdOrName(text);
    const gid = group?.kind === "name" ? accounts.group(group.name) : group?.id;
    if (typeof gid === "number") return gid;
    return refuse({ code: "E_GROUP_ADD", message: `--group-add ${JSON.stringify(text)} is no group` });
  });
  return [...new Set(ids)].sort((one, other) => one - other);
};

const rootNote = (text: string): string =>
  `--dangerously-map-host-root: ${text} inside. That id is root of the host for every file and every check of an owner, ` +
  "with or without capabilities.";

export interface Ranged {
  readonly identity: Identity;
  readonly notes: readonly string[];
}

/** @throws BunkerError that names the flag, the entry and what is allowed */
export const rangedIdentity = (options: RangeOptions, host: Host): Ranged => {
  const { mapped, ...outside } = outsideOf(options, host);
  const roots = outside.outside === "range" ? [] : checkHostRoot(options, mapped, host);
  const accounts = accountsOf(SANDBOX, options.directory, host);
  const inside = chooseInside({ user: options.user, own: SANDBOX, accounts }, host);
  const groups = groupsOf(options, outside, host);
  const check = mappedCheck(mapped, options);
  check("uid", inside.uid, "the payload's");
  check("gid", inside.gid, "the payload's");
  for (const group of groups) check("gid", group, "of --group-add");
  return {
    identity: { ...inside, isDefault: false, ...outside, ...(groups.length === 0 ? {} : { groups }) },
    notes: roots.map(rootNote),
  };
};
