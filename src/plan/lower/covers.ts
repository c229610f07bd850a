/**
 * Covers: what hides something, or makes it read-only, laid over everything else.
 *
 * Each is reached as every mount point is (ground.ts): from the descriptor of the mount that it lies on, without following a link. A
 * /proc is our own procfs, by its descriptor, whatever is at the name /proc (CVE-2019-16884, CVE-2019-19921).
 * @module
 */
import { branch, compute, jump, label, load, set, slot, text, vector } from "../../ir/build.ts";
import { onErrno } from "../../ir/calls.ts";
import type { Op } from "../../ir/op.ts";
import type { Plan } from "../plan.ts";
import { closed, directoriesOn, hideClosed } from "./closed.ts";
import { type Located, lay, locate, point } from "./hide.ts";
import { stamp } from "./target.ts";
import { openBelow } from "./targets.ts";

const path = slot("cover path");
const next = slot("next cover");

/** What must be there: one after the other, so that an error names it. */
const layOne = (cover: Located, index: number): readonly Op[] => {
  const name = `cover ${index}`;
  const open = openBelow(cover.from, text(cover.way), cover.target, point);
  if (directoriesOn(cover.way).length === 0) return [open, ...lay(cover, cover.target, name)];
  return [
    branch(closed, "equal", 0, `${name}: must be there`),
    onErrno(open, ["ENOENT"], `${name}: laid`),
    jump(`${name}: open`),
    label(`${name}: must be there`),
    open,
    label(`${name}: open`),
    ...lay(cover, cover.target, name),
    label(`${name}: laid`),
  ];
};

/** What may be there: a loop, since an image has 10 KB. */
const layEach = (covers: readonly Located[], name: string): readonly Op[] => {
  const [first] = covers;
  if (first === undefined) return [];
  const shown = `${first.target.slice(0, -first.way.length)}…`;
  return [
    set(next, vector(...covers.map(({ way }) => text(way)), 0)),
    label(`${name}: next`),
    load(path, next, 0, 8),
    branch(path, "equal", 0, `${name}: done`),
    compute(next, next, "add", 8),
    onErrno(openBelow(first.from, path, shown, point), ["ENOENT"], `${name}: next`),
    ...lay(first, shown, name),
    jump(`${name}: next`),
    label(`${name}: done`),
  ];
};

const mountOf = ({ from }: Located): string => (typeof from === "object" && "name" in from ? from.name : "");

/** A copy is one whatever it is of. */
const groupOf = (cover: Located): string =>
  [mountOf(cover), cover.how, cover.how === "hidden" ? cover.node : "", cover.plugin].join(" ");

export const layCovers = (plan: Plan): readonly Op[] => {
  const located = plan.covers.map((cover) => locate(plan, cover));
  const needed = located.filter(({ optional }) => !optional);
  const groups = Map.groupBy(
    located.filter(({ optional }) => optional),
    groupOf,
  );
  const ways = Map.groupBy(
    needed.filter(({ how }) => how === "hidden"),
    mountOf,
  );
  return [
    ...[...ways].flatMap(([name, covers]) =>
      stamp(covers[0]?.plugin ?? "", "mounts", hideClosed(covers, `closed ${name}`)),
    ),
    ...[...groups].flatMap(([name, covers]) =>
      stamp(covers[0]?.plugin ?? "", "mounts", layEach(covers, `covers ${name}`)),
    ),
    ...needed.flatMap((cover, index) => stamp(cover.plugin, "mounts", layOne(cover, index))),
  ];
};
