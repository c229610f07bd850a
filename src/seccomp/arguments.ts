/**
 * The rules of one call → the part of the filter that looks at its arguments.
 *
 * A tree of tests is grown from the first chance that there still is; what an outcome decides of the others is not tested again, and what is
 * left to decide in the same way is decided by the same nodes.
 * @module
 */
import { tooManyTests } from "../errors/seccomp.ts";
import { CODE } from "../linux/bpf.ts";
import type { Action } from "./action.ts";
import { type Chance, Chances, relevant } from "./chances.ts";
import type { Graph, Node } from "./graph.ts";
import { type Knowledge, learn, NOTHING, rangeOf } from "./knowledge.ts";
import type { Rule } from "./profile.ts";
import { WHOLE, type Word, type WordTest } from "./word-test.ts";

/** The word that the accumulator holds. */
type Held = Word | undefined;

/** Far more than a filter has room for. */
const STATES_MAX = 50_000;

export interface Decider {
  readonly graph: Graph;
  readonly otherwise: Action;
}

/** @throws BunkerError where rules have so many conditions that no filter could have room for them */
export const decideByArguments = (rules: readonly Rule[], { graph, otherwise }: Decider): Node => {
  const all = new Chances();
  const states = new Map<string, Node>();
  const grow = (given: readonly Chance[], known: Knowledge, held: Held): Node => {
    const chances = relevant(given, otherwise);
    const [first] = chances;
    const [test] = first?.tests ?? [];
    if (test === undefined) return graph.return(first?.action ?? otherwise);
    const key = keyOf(chances, known, held);
    const before = states.get(key);
    if (before !== undefined) return before;
    if (states.size === STATES_MAX) throw tooManyTests();
    const branch = (outcome: boolean): Node => {
      const learned = learn(known, test, outcome);
      return grow(all.after(chances, learned, test, outcome), learned, heldAfter(test));
    };
    const node = place(graph, test, held, branch(true), branch(false));
    states.set(key, node);
    return node;
  };
  return grow(all.of(rules), NOTHING, undefined);
};

// --- internal ---

/** The outcome depends on nothing else. */
const keyOf = (chances: readonly Chance[], known: Knowledge, held: Held): string => {
  const words = chances.reduce((bits, chance) => bits | chance.words, 0);
  const ranges = [...known.keys()]
    .filter((offset) => (words & (1 << (offset / 4))) !== 0)
    .sort((one, other) => one - other)
    .map((offset) => `${offset}:${rangeOf(known, offset).min}-${rangeOf(known, offset).max}`);
  return `${chances.map(({ id }) => id).join()};${ranges.join()};${held?.offset},${held?.mask}`;
};

/** `(word & mask) == 0` and `(word & bit) == bit` are one jump on the whole word, which stays in the accumulator. */
const isBitTest = ({ word: { mask }, value }: WordTest): boolean =>
  mask !== WHOLE && (value === 0 || (value === mask && (mask & (mask - 1)) === 0));

const heldAfter = (test: WordTest): Word => (isBitTest(test) ? { ...test.word, mask: WHOLE } : test.word);

const place = (graph: Graph, test: WordTest, held: Held, yes: Node, no: Node): Node => {
  const { word, value, operator } = test;
  if (!isBitTest(test)) return withWord(graph, word, held, graph.jump(CODE[operator], value, yes, no));
  const [some, none] = value === 0 ? [no, yes] : [yes, no];
  return withWord(graph, { ...word, mask: WHOLE }, held, graph.jump(CODE.anyBit, word.mask, some, none));
};

/** Puts a word into the accumulator, where it is not there already. */
const withWord = (graph: Graph, { offset, mask }: Word, held: Held, next: Node): Node => {
  const isThere = held !== undefined && held.offset === offset;
  if (isThere && held.mask === mask) return next;
  const masked = mask === WHOLE ? next : graph.and(mask, next);
  return isThere && held.mask === WHOLE ? masked : graph.load(offset, masked);
};
