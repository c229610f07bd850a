/**
 * What the user mounts and makes beside the view of the system: what it replaces, and that there is a place for it.
 * @module
 */
import type { Entry, Host } from "../../src/api.ts";
import { isAtOrBelow } from "../path.ts";
import { lacksPlace, linkOn, placeOf } from "./layout.ts";
import { wrong } from "./sources.ts";
import { readWishes, type Wish, type Wishes } from "./wishes.ts";

const refuseTwice = (wishes: readonly Wish[]): void => {
  const twice = wishes.find(({ target }, index) => wishes.findIndex((other) => other.target === target) !== index);
  if (twice !== undefined) wrong(twice.target, "two mounts have the same target");
};

/** Writing into a read-only bind is not possible, and a link in it leads elsewhere. */
export const checkMountPoint = ({ target, type }: Entry, entries: readonly Entry[], host: Host): void => {
  const link = linkOn(target, entries, host);
  if (link !== undefined)
    wrong(target, `${link === target ? "it" : link} is a symbolic link there; name what it points to`);
  const place = placeOf(target, entries);
  if (place === undefined) return;
  const { mount } = place;
  if (type === "symlink") wrong(target, `nothing is made in ${mount.source}, which is the host's`);
  if (mount.type === "bind" && mount.readOnly && lacksPlace(target, entries, host))
    wrong(target, `it does not exist in ${mount.source}, and cannot be created there: ${mount.target} is read-only`);
};

/** A bind that shows what is there anyway, no more and no less. */
const isRedundant = (wish: Wish, entries: readonly Entry[]): boolean => {
  if (wish.type !== "bind" || wish.noexec || wish.idmap) return false;
  const place = placeOf(wish.target, entries);
  if (place?.path !== wish.source || place.mount.type !== "bind") return false;
  const { readOnly, noexec, idmap } = place.mount;
  return readOnly === wish.readOnly && !noexec && !idmap;
};

/** What the user mounts, with what of the system view it leaves. A wish replaces what is at or below its target. */
export const withWishes = (system: readonly Entry[], given: Wishes, host: Host): readonly Entry[] => {
  const wishes = readWishes(given, { host, system });
  refuseTwice(wishes);
  const kept = system.filter(({ target }) => !wishes.some((wish) => isAtOrBelow(target, wish.target)));
  const all = [...kept, ...wishes];
  for (const wish of wishes) checkMountPoint(wish, all, host);
  return all.filter((entry) => !wishes.includes(entry as Wish) || !isRedundant(entry as Wish, all));
};
