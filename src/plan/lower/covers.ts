/**
 * Covers: what hides something, or makes it read-only, laid over everything else.
 *
 * Each is reached as every mount point is (ground.ts): from the descriptor of the mount that it lies on, without following a link. A
 * /proc is our own procfs, by its descriptor, whatever is at the name /proc (CVE-2019-16884, CVE-2019-19921).
 * @module
 */
import { branch, compute, jump, label, load, set, slot, text, vector } from "../../ir/build.ts";
import { AT_FDCWD, cloneMount, close, moveMountOnto, onErrno } from "../../ir/calls.ts";
import type { Op, Operand } from "../../ir/op.ts";
import { AT_EMPTY_PATH, AT_RECURSIVE } from "../../linux/file.ts";
import type { Cover } from "../contribution.ts";
import type { From, Plan } from "../plan.ts";
import { below, groundOf } from "./ground.ts";
import { setAttributes } from "./sources.ts";
import { EMPTY } from "./stage.ts";
import { stamp } from "./target.ts";
import { openBelow, relative } from "./targets.ts";

const point = slot("covered");
const layer = slot("cover");
const path = slot("cover path");
const next = slot("next cover");

/**
 * The first use of an empty file is the mount itself, every other one a copy: only what is attached can be copied (stage.ts).
 * `name` tells the labels apart.
 */
const hide = (node: Cover["node"], shown: string, name: string): readonly Op[] => {
  const isUsed = slot(`${EMPTY[node].name} used`);
  return [
    set(layer, EMPTY[node]),
    branch(isUsed, "equal", 0, `${name}: first`),
    cloneMount(EMPTY[node], layer),
    label(`${name}: first`),
    moveMountOnto(layer, point, shown),
    branch(isUsed, "equal", 0, `${name}: keep`),
    close(layer),
    label(`${name}: keep`),
    set(isUsed, 1),
  ];
};

/** A copy of what is there, read-only, on top of it. */
const makeReadOnly = (shown: string): readonly Op[] => [
  cloneMount(point, layer, true),
  setAttributes(layer, "", { AT_EMPTY_PATH, AT_RECURSIVE }, ["RDONLY"], shown),
  moveMountOnto(layer, point, shown),
  close(layer),
];

const lay = ({ how, node }: Cover, shown: string, name: string): readonly Op[] => [
  ...(how === "hidden" ? hide(node, shown, name) : makeReadOnly(shown)),
  close(point),
];

interface Located extends From<Cover> {
  /** What the way starts from, and the way. */
  readonly from: Operand;
  readonly way: string;
}

const locate = (plan: Plan, cover: From<Cover>): Located => {
  const ground = groundOf(plan, cover.target);
  return ground.kind === "own"
    ? { ...cover, from: AT_FDCWD, way: relative(cover.target) }
    : { ...cover, from: ground.fd, way: below(ground.top, cover.target).join("/") };
};

/** What must be there: one after the other, so that an error names it. */
const layOne = (cover: Located, index: number): readonly Op[] => [
  openBelow(cover.from, text(cover.way), cover.target, point),
  ...lay(cover, cover.target, `cover ${index}`),
];

/** What may be there: a loop, since an image is 8 KB. */
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

const groupOf = ({ from, how, node, plugin }: Located): string =>
  [typeof from === "object" && "name" in from ? from.name : "", how, node, plugin].join(" ");

export const layCovers = (plan: Plan): readonly Op[] => {
  const located = plan.covers.map((cover) => locate(plan, cover));
  const needed = located.filter(({ optional }) => !optional);
  const groups = Map.groupBy(
    located.filter(({ optional }) => optional),
    groupOf,
  );
  return [
    ...[...groups].flatMap(([name, covers]) =>
      stamp(covers[0]?.plugin ?? "", "mounts", layEach(covers, `covers ${name}`)),
    ),
    ...needed.flatMap((cover, index) => stamp(cover.plugin, "mounts", layOne(cover, index))),
  ];
};
