/**
 * Volumes, tmpfs and writable paths of the user's as entries: where each comes from, and where it goes.
 * @module
 */
import { type Entry, type Host, refuse } from "../../src/api.ts";
import { isAtOrBelow, resolveFrom } from "../path.ts";
import { lacksPlace, type Mount, placeOf } from "./layout.ts";
import { type Bind, bindOf, throughLinks } from "./system-view.ts";
import { parseTmpfs, parseVolume, targetProblem } from "./volumes.ts";

const missingSource = (what: string, path: string): never =>
  refuse({
    code: "E_VOLUME_SOURCE",
    message: `${what} ${JSON.stringify(path)} does not exist`,
    hint: "paths are looked up on the host, before the sandbox starts; a relative one starts in the current directory",
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
  const place = throughLinks(target, system);
  return { type: "tmpfs", ...rest, target: place, owner: "payload", ...(noexec ? { noexec } : {}) };
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

/** Writing into a read-only bind is not possible, and a link in it leads elsewhere. */
export const checkMountPoint = ({ target }: Mount, entries: readonly Entry[], host: Host): void => {
  const place = placeOf(target, entries);
  if (place === undefined) return;
  const { bind, path } = place;
  if (bind.readOnly && lacksPlace(target, entries, host))
    wrong(target, `it does not exist in ${bind.source}, and cannot be created there: ${bind.target} is read-only`);
  if (host.nodeType(path, { follow: false }) === "symlink")
    wrong(target, "it is a symbolic link there; name what it points to");
};

/** A bind that shows what is there anyway, no more and no less. */
const isRedundant = (mount: Mount, entries: readonly Entry[]): boolean => {
  if (mount.type !== "bind" || mount.noexec) return false;
  const place = placeOf(mount.target, entries);
  return place?.path === mount.source && place.bind.readOnly === mount.readOnly && !place.bind.noexec;
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
