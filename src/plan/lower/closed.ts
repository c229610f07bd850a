/**
 * Directories on the way to something hidden which the sandbox may not enter.
 *
 * What root starts has an id of its own, for which a directory may be closed that root could look into when it planned. What is in it
 * cannot be covered by the launcher, nor seen by the payload; but its permissions may change while the payload runs. So the directory
 * itself is hidden, and what would have been hidden in it is let be.
 * @module
 */
import { branch, compute, jump, label, load, set, slot, text, vector } from "../../ir/build.ts";
import { close, onErrno } from "../../ir/calls.ts";
import type { Op } from "../../ir/op.ts";
import { hide, type Located, point } from "./hide.ts";
import { openBelow } from "./targets.ts";

/** Not 0 once a directory was hidden for that reason. */
export const closed = slot("closed directories");

const next = slot("next directory on the way");
const inside = slot("way into it");
const path = slot("way to it");
const PAIR_BYTES = 16;

/** Of `a/b/c`: `a` and `a/b`. */
export const directoriesOn = (way: string): readonly string[] =>
  way
    .split("/")
    .slice(0, -1)
    .map((_, index, all) => all.slice(0, index + 1).join("/"));

/** Of covers on one mount. Outer directories first: what is in one that is hidden is not there any more. */
export const hideClosed = (covers: readonly Located[], name: string): readonly Op[] => {
  const [first] = covers;
  const directories = [...new Set(covers.flatMap(({ way }) => directoriesOn(way)))].sort();
  if (first === undefined || directories.length === 0) return [];
  const shown = `${first.target.slice(0, -first.way.length)}…`;
  return [
    set(next, vector(...directories.flatMap((way) => [text(`${way}/.`), text(way)]), 0)),
    label(`${name}: next`),
    load(inside, next, 0, 8),
    branch(inside, "equal", 0, `${name}: done`),
    load(path, next, 8, 8),
    compute(next, next, "add", PAIR_BYTES),
    onErrno(openBelow(first.from, inside, shown, point), ["EACCES", "ENOENT"], `${name}: not entered`),
    close(point),
    jump(`${name}: next`),
    label(`${name}: not entered`),
    onErrno(openBelow(first.from, path, shown, point), ["ENOENT"], `${name}: next`),
    ...hide("directory", shown, name),
    close(point),
    set(closed, 1),
    jump(`${name}: next`),
    label(`${name}: done`),
  ];
};
