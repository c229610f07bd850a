/**
 * Which part of a filter is for which call: a binary search over the numbers.
 *
 * Neighbours that are decided alike are one range, so that the search is over the places where the decision changes.
 * @module
 */
import { CODE } from "../linux/bpf.ts";
import { NO_SYSCALL, X32_SYSCALL_BIT } from "../linux/seccomp.ts";
import { decideByArguments } from "./arguments.ts";
import type { Graph, Node } from "./graph.ts";
import { FOREIGN, type Policy } from "./policy.ts";

/** From here up to the next range. */
export interface NumberRange {
  readonly first: number;
  readonly node: Node;
}

/** Ranges of all 2^32 numbers, no two neighbours alike. */
export const rangesOf = (policy: Policy, graph: Graph): readonly NumberRange[] => {
  const ranges: NumberRange[] = [];
  const add = (first: number, node: Node): void => {
    if (ranges.at(-1)?.node !== node) ranges.push({ first, node });
  };
  const decider = { graph, otherwise: policy.otherwise };
  const otherwise = graph.return(policy.otherwise);
  const unknown = graph.return(policy.unknown);
  for (let number = 0; number <= policy.last; number++) {
    const rules = policy.rules.get(number);
    if (rules !== undefined) add(number, decideByArguments(rules, decider));
    else add(number, policy.isKnown(number) ? otherwise : unknown);
  }
  add(policy.last + 1, unknown);
  if (policy.arch === "x64") {
    add(X32_SYSCALL_BIT, graph.return(FOREIGN));
    add(NO_SYSCALL, unknown);
  }
  return ranges;
};

/** One number between two stretches of the same: a comparison with it decides. */
const isException = (ranges: readonly NumberRange[]): boolean =>
  ranges.length === 3 && ranges[0]?.node === ranges[2]?.node && lengthOf(ranges, 1) === 1;

const lengthOf = (ranges: readonly NumberRange[], index: number): number =>
  (ranges[index + 1]?.first ?? 0) - (ranges[index]?.first ?? 0);

/** The search, with the number in the accumulator. The first range is where no comparison is needed any more. */
export const search = (graph: Graph, ranges: readonly NumberRange[]): Node => {
  const [first, second] = ranges as [NumberRange, NumberRange?];
  if (second === undefined) return first.node;
  if (isException(ranges)) return graph.jump(CODE.equal, second.first, second.node, first.node);
  const middle = Math.ceil(ranges.length / 2);
  const [lower, upper] = [ranges.slice(0, middle), ranges.slice(middle)];
  return graph.jump(CODE.atLeast, upper[0]?.first ?? 0, search(graph, upper), search(graph, lower));
};
