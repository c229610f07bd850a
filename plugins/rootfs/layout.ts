/**
 * What lies on what inside, as far as it can be said before anything is mounted.
 * @module
 */
import type { Entry, Host } from "../../src/api.ts";
import { isAtOrBelow, isBelow, normalise, rebase } from "../path.ts";

export type Mount = Extract<Entry, { type: "bind" | "tmpfs" | "overlay" }>;
type Shown = Extract<Entry, { type: "bind" | "overlay" }>;

const isMount = (entry: Entry): entry is Mount =>
  entry.type === "bind" || entry.type === "tmpfs" || entry.type === "overlay";

const isShown = (entry: Entry | undefined): entry is Shown => entry?.type === "bind" || entry?.type === "overlay";

/** The mount that a path inside lies on: the one with the longest target. */
export const mountOf = (path: string, entries: readonly Entry[]): Mount | undefined =>
  entries
    .filter(isMount)
    .filter(({ target }) => isAtOrBelow(path, target))
    .reduce<Mount | undefined>(
      (best, next) => (best && best.target.length >= next.target.length ? best : next),
      undefined,
    );

/** The path of the host that `path` shows; undefined where it shows nothing of the host. */
export const shownAt = (path: string, entries: readonly Entry[]): string | undefined => {
  const mount = mountOf(path, entries);
  return isShown(mount) ? rebase(path, mount.target, mount.source) : undefined;
};

/** What a mount point at `target` would be in: a mount that shows the host, and the path of the host there. */
export const placeOf = (
  target: string,
  entries: readonly Entry[],
): { readonly mount: Shown; readonly path: string } | undefined => {
  const around = entries.filter((entry) => isBelow(target, entry.target));
  const mount = mountOf(target, around);
  const path = shownAt(target, around);
  return isShown(mount) && path !== undefined ? { mount, path } : undefined;
};

/** Whether a mount at `target` would have to be made in a directory of the user's. */
export const lacksPlace = (target: string, entries: readonly Entry[], host: Host): boolean => {
  const place = placeOf(target, entries);
  return place !== undefined && host.nodeType(place.path, { follow: false }) === "missing";
};

/** `/a`, `/a/b` and `/a/b/c` of `/a/b/c`. */
export const waysTo = (path: string): readonly string[] => {
  const parts = normalise(path).split("/").slice(1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
};

/**
 * The first link on the way to a path, itself included, in directories of the host's. Nothing is looked up through one: what is asked
 * for lies behind directories only.
 */
export const linkOn = (path: string, entries: readonly Entry[], host: Host): string | undefined =>
  waysTo(path).find((way) => {
    const place = placeOf(way, entries);
    return place !== undefined && host.nodeType(place.path, { follow: false }) === "symlink";
  });
