/**
 * What lies on what inside, as far as it can be said before anything is mounted.
 * @module
 */
import type { Entry, Host } from "../../src/api.ts";
import { isAtOrBelow, isBelow, rebase } from "../path.ts";
import type { Bind } from "./system-view.ts";

export type Mount = Extract<Entry, { type: "bind" | "tmpfs" }>;

const isMount = (entry: Entry): entry is Mount => entry.type === "bind" || entry.type === "tmpfs";

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
  return mount?.type === "bind" ? rebase(path, mount.target, mount.source) : undefined;
};

/** What a mount point at `target` would be in: a bind, and the path of the host there. */
export const placeOf = (
  target: string,
  entries: readonly Entry[],
): { readonly bind: Bind; readonly path: string } | undefined => {
  const around = entries.filter((entry) => isBelow(target, entry.target));
  const bind = mountOf(target, around);
  const path = shownAt(target, around);
  return bind?.type === "bind" && path !== undefined ? { bind, path } : undefined;
};

/** Whether a mount at `target` would have to be made in a directory of the user's. */
export const lacksPlace = (target: string, entries: readonly Entry[], host: Host): boolean => {
  const place = placeOf(target, entries);
  return place !== undefined && host.nodeType(place.path, { follow: false }) === "missing";
};
