/**
 * How one place is covered, once it is reached.
 * @module
 */
import { branch, label, set, slot } from "../../ir/build.ts";
import { AT_FDCWD, cloneMount, close, moveMountOnto } from "../../ir/calls.ts";
import type { Op, Operand } from "../../ir/op.ts";
import { AT_EMPTY_PATH, AT_RECURSIVE } from "../../linux/file.ts";
import type { Cover } from "../contribution.ts";
import type { From, Plan } from "../plan.ts";
import { below, groundOf } from "./ground.ts";
import { setAttributes } from "./sources.ts";
import { EMPTY } from "./stage.ts";
import { relative } from "./targets.ts";

/** The place, open. */
export const point = slot("covered");
const layer = slot("cover");

/**
 * The first use of an empty file is the mount itself, every other one a copy: only what is attached can be copied (stage.ts).
 * `name` tells the labels apart.
 */
export const hide = (node: Cover["node"], shown: string, name: string): readonly Op[] => {
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

/** Covers the place and lets go of it. */
export const lay = ({ how, node }: Cover, shown: string, name: string): readonly Op[] => [
  ...(how === "hidden" ? hide(node, shown, name) : makeReadOnly(shown)),
  close(point),
];

export interface Located extends From<Cover> {
  /** What the way starts from, and the way. */
  readonly from: Operand;
  readonly way: string;
}

export const locate = (plan: Plan, cover: From<Cover>): Located => {
  const ground = groundOf(plan, cover.target);
  return ground.kind === "own"
    ? { ...cover, from: AT_FDCWD, way: relative(cover.target) }
    : { ...cover, from: ground.fd, way: below(ground.top, cover.target).join("/") };
};
