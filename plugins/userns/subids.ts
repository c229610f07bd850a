/**
 * Which ids an unprivileged caller may give to a sandbox: its own, and those that /etc/subuid and /etc/subgid give to it, through
 * newuidmap(1) and newgidmap(1).
 *
 * Where a directory service has the ranges (`subid` in nsswitch.conf) the files say nothing: only the helpers know then.
 * @module
 */
import { type Extent, type Host, ID_RANGE_IDS, mergeExtents, parseSubids, refuse, showIds } from "../../src/api.ts";
import { callerLogin } from "./passwd.ts";

export type Which = "uid" | "gid";

const FILES = { uid: "/etc/subuid", gid: "/etc/subgid" } as const;
const HELPERS = { uid: "newuidmap", gid: "newgidmap" } as const;
/** Where distributions have them, and nobody but root can put a file; the last is NixOS's. */
const HELPER_DIRECTORIES = ["/usr/bin", "/bin", "/usr/local/bin", "/run/wrappers/bin"];
const FILE_BYTES_MAX = 1_048_576;
const NSSWITCH = "/etc/nsswitch.conf";

interface Ids {
  readonly first: number;
  readonly count: number;
}

const linesOf = (which: Which, host: Host) => parseSubids(host.readText(FILES[which], FILE_BYTES_MAX) ?? "");

const callerName = (host: Host): string => callerLogin(host)?.name ?? String(host.uid);

/** The caller's ranges, in the order of the file. */
const rangesOf = (which: Which, host: Host): readonly Ids[] =>
  linesOf(which, host).filter(({ owner }) => owner === callerName(host) || owner === String(host.uid));

/** Room behind everybody's ranges, for the command that gives the caller one. */
const freeFrom = (host: Host): number =>
  [...linesOf("uid", host), ...linesOf("gid", host)].reduce(
    (first, range) => Math.max(first, range.first + range.count),
    100_000,
  );

/** usermod(8) knows accounts only, and so does newuidmap(1). */
const howToAdd = (host: Host): string => {
  const login = callerLogin(host);
  if (login === undefined) return `ids are given to accounts, and uid ${host.uid} has none`;
  const ids = showIds(freeFrom(host), ID_RANGE_IDS);
  return `to have more: sudo usermod --add-subuids ${ids} --add-subgids ${ids} ${login.name}`;
};

const helper = (which: Which, host: Host): string => {
  const name = HELPERS[which];
  const found = HELPER_DIRECTORIES.map((directory) => `${directory}/${name}`).find(
    (path) => host.nodeType(path) === "file",
  );
  return (
    found ??
    refuse({
      code: "E_ID_HELPER_MISSING",
      message: `${name} is not installed, and nothing else may give a sandbox of yours more ids than your own`,
      hint: `install the package uidmap (Debian, Ubuntu) or shadow-utils (Fedora, Arch, SUSE: shadow)`,
    })
  );
};

/** @throws BunkerError where one of them is not installed */
export const helpersOf = (host: Host): Readonly<Record<Which, string>> => ({
  uid: helper("uid", host),
  gid: helper("gid", host),
});

/** As many of the caller's ranges as make {@link ID_RANGE_IDS}, one behind the other from id 0. */
export const rangeOfCaller = (which: Which, host: Host): readonly Extent[] => {
  const ranges = rangesOf(which, host);
  const extents: Extent[] = [];
  let inside = 0;
  for (const { first, count } of ranges) {
    const taken = Math.min(count, ID_RANGE_IDS - inside);
    if (taken > 0) extents.push({ inside, outside: first, count: taken });
    inside += taken;
  }
  if (inside === ID_RANGE_IDS) return extents;
  return refuse({
    code: ranges.length === 0 ? "E_SUBIDS" : "E_SUBIDS_FEW",
    message:
      ranges.length === 0
        ? `${FILES[which]} gives ${callerName(host)} no ids, and --userns auto takes ${ID_RANGE_IDS} of them`
        : `${FILES[which]} gives ${callerName(host)} ${inside} ids, and --userns auto takes ${ID_RANGE_IDS}`,
    hint: `${howToAdd(host)}\nor name fewer: --uidmap IN:OUT:COUNT`,
  });
};

/** Whether the ranges of the caller's, side by side, have all of them. */
const isGiven = ({ outside, count }: Extent, ranges: readonly Ids[]): boolean => {
  const joined = mergeExtents(
    ranges.map((range) => ({ inside: range.first, outside: range.first, count: range.count })),
  );
  return joined.some(({ inside, count: length }) => inside <= outside && outside + count <= inside + length);
};

const isOwn = ({ outside, count }: Extent, own: number): boolean => count === 1 && outside === own;

const asksService = (host: Host): boolean =>
  /^\s*subid:(?!\s*files\s*$)/m.test(host.readText(NSSWITCH, FILE_BYTES_MAX) ?? "");

/** @throws BunkerError for ids that are somebody else's. `shown`: flag and entry as they were written */
export const checkGiven = (which: Which, extent: Extent, shown: string, host: Host): void => {
  const ranges = rangesOf(which, host);
  if (isOwn(extent, host[which]) || isGiven(extent, ranges) || asksService(host)) return;
  const yours = [String(host[which]), ...ranges.map(({ first, count }) => showIds(first, count))].join(", ");
  refuse({
    code: "E_IDMAP_FOREIGN",
    message: `${shown}: ${which} ${showIds(extent.outside, extent.count)} outside is not yours to give; yours are ${yours}`,
    hint: shown.startsWith(`--${which}map`)
      ? howToAdd(host)
      : `without --${which}map it is for both: give that too, or ${howToAdd(host)}`,
  });
};

/** Whether the helper leaves setgroups(2) allowed: not where the caller's own group is all that it maps. */
export const allowsSetgroups = (extents: readonly Extent[], host: Host): boolean =>
  extents.some((extent) => !isOwn(extent, host.gid) || isGiven(extent, rangesOf("gid", host)));
