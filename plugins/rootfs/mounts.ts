/**
 * What the user wants to see inside, as entries: where each comes from, where it goes, and what is already in view.
 * @module
 */
import { type Entry, type Host, refuse } from "../../src/api.ts";
import { isAtOrBelow, isBelow, rebase, resolveFrom } from "../path.ts";
import { type Bind, bindOf, throughLinks } from "./system-view.ts";
import { parseTmpfs, parseVolume, targetProblem } from "./volumes.ts";

type Mount = Extract<Entry, { type: "bind" | "tmpfs" }>;

const isMount = (entry: Entry): entry is Mount => entry.type === "bind" || entry.type === "tmpfs";

/** The mount that a path inside lies on: the one with the longest target. */
export const mountOf = (path: string, entries: readonly Entry[]): Mount | undefined =>
  entries
    .filter((entry) => isMount(entry) && isAtOrBelow(path, entry.target))
    .filter(isMount)
    .reduce<Mount | undefined>(
      (best, next) => (best && best.target.length >= next.target.length ? best : next),
      undefined,
    );

/** The path of the host that `path` shows; undefined where it shows nothing of the host. */
const shownAt = (path: string, entries: readonly Entry[]): string | undefined => {
  const mount = mountOf(path, entries);
  return mount?.type === "bind" ? rebase(path, mount.target, mount.source) : undefined;
};

export const missingSource = (what: string, path: string): never =>
  refuse({
    code: "E_VOLUME_SOURCE",
    message: `${what} ${JSON.stringify(path)} does not exist`,
    hint: "it is looked up on the host, by you and before the sandbox starts; a relative path starts in the current directory",
  });

export const realSource = (what: string, path: string, host: Host): string => {
  const absolute = resolveFrom(host.cwd, path);
  return host.nodeType(absolute) === "missing" ? missingSource(what, path) : host.realPath(absolute);
};

const wrong = (text: string, problem: string): never =>
  refuse({
    code: "E_VOLUME",
    message: `${JSON.stringify(text)} cannot be mounted: ${problem}`,
    hint: "bunker explain, with the same flags, lists what is mounted where",
  });

const volume = (text: string, host: Host, system: readonly Entry[]): Bind => {
  const parsed = parseVolume(text);
  if (typeof parsed === "string") return wrong(text, parsed);
  const source = realSource("volume source", parsed.source, host);
  return bindOf(host, source, throughLinks(parsed.target, system), parsed.readOnly, parsed.noexec);
};

const tmpfs = (text: string, system: readonly Entry[]): Mount => {
  const parsed = parseTmpfs(text);
  if (typeof parsed === "string") return wrong(text, parsed);
  const { noexec, target, ...rest } = parsed;
  return { type: "tmpfs", ...rest, target: throughLinks(target, system), ...(noexec ? { noexec } : {}) };
};

/** A path of the host that is to be at the same place inside. */
export const samePlace = (
  what: string,
  path: string,
  host: Host,
): { readonly source: string; readonly target: string } => {
  const target = resolveFrom(host.cwd, path);
  const problem = targetProblem(target);
  return problem === undefined ? { source: realSource(what, path, host), target } : wrong(path, problem);
};

/** `--allow-write`: the same path inside, writable. */
const writable = (path: string, host: Host, system: readonly Entry[]): Bind => {
  const { source, target } = samePlace("the path to write", path, host);
  return bindOf(host, source, throughLinks(target, system), false);
};

const refuseTwice = (mounts: readonly Mount[]): void => {
  const twice = mounts.find(({ target }, index) => mounts.findIndex((other) => other.target === target) !== index);
  if (twice !== undefined) wrong(twice.target, "two mounts have the same target");
};

/** Writing into a read-only bind is not possible, and into a link of it leads elsewhere. */
const checkMountPoint = (mount: Mount, entries: readonly Entry[], host: Host): void => {
  const around = entries.filter((entry) => isBelow(mount.target, entry.target));
  const above = mountOf(mount.target, around);
  const hostPath = shownAt(mount.target, around);
  if (above?.type !== "bind" || hostPath === undefined) return;
  const type = host.nodeType(hostPath, { follow: false });
  if (type === "missing" && above.readOnly)
    wrong(
      mount.target,
      `it does not exist in ${above.source}, and cannot be created there: ${above.target} is read-only`,
    );
  if (type === "symlink") wrong(mount.target, "it is a symbolic link there; name what it points to");
};

/** A bind that shows what is there anyway, no more and no less. */
const isRedundant = (mount: Mount, entries: readonly Entry[]): boolean => {
  if (mount.type !== "bind" || mount.noexec) return false;
  const around = entries.filter((entry) => isBelow(mount.target, entry.target));
  const above = mountOf(mount.target, around);
  const same = above?.type === "bind" && above.readOnly === mount.readOnly && !above.noexec;
  return same && shownAt(mount.target, around) === mount.source;
};

export interface Wishes {
  readonly volumes: readonly string[];
  readonly tmpfs: readonly string[];
  readonly write: readonly string[];
}

/** What the user mounts, with what of the system view it leaves. A mount of the user's replaces what is at or below its target. */
export const withWishes = (system: readonly Entry[], wishes: Wishes, host: Host): readonly Entry[] => {
  const mounts = [
    ...wishes.volumes.map((text) => volume(text, host, system)),
    ...wishes.tmpfs.map((text) => tmpfs(text, system)),
    ...new Map(wishes.write.map((path) => writable(path, host, system)).map((bind) => [bind.target, bind])).values(),
  ];
  refuseTwice(mounts);
  const kept = system.filter(({ target }) => !mounts.some((mount) => isAtOrBelow(target, mount.target)));
  const all = [...kept, ...mounts];
  for (const mount of mounts) checkMountPoint(mount, all, host);
  return all.filter((entry) => !mounts.includes(entry as Mount) || !isRedundant(entry as Mount, all));
};

const shareAt = (source: string, target: string, entries: readonly Entry[], host: Host): readonly Entry[] => {
  if (shownAt(target, entries) === source || mountOf(target, entries)?.target === target) return entries;
  const bind = bindOf(host, source, target, true);
  checkMountPoint(bind, entries, host);
  return [...entries, bind];
};

/**
 * Shows a path of the host read-only at the same path, unless it is in view already, writable or not.
 * A link inside a directory that is in view leads where it leads on the host: then what it points to is shown.
 */
export const share = (path: string, entries: readonly Entry[], host: Host): readonly Entry[] => {
  const source = host.realPath(path);
  const target = throughLinks(path, entries);
  const around = mountOf(target, entries);
  const isHostView = around?.type === "bind" && around.source === around.target && around.target !== target;
  if (!isHostView) return shareAt(source, target, entries, host);
  return shownAt(target, entries) === source ? entries : shareAt(source, source, entries, host);
};

/** Short ones first, so that a directory is in view before what is in it. */
export const shareAll = (paths: readonly string[], entries: readonly Entry[], host: Host): readonly Entry[] =>
  [...paths].sort((a, b) => a.length - b.length).reduce((all, path) => share(path, all, host), entries);
