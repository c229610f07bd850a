/**
 * What of a call's rules may still decide it, on one path through the tests.
 *
 * A chance is an action with the tests that must still come out as wanted. Equal ones are one object with a number, so that states can be
 * compared by numbers: a profile may have thousands.
 * @module
 */
import { tooManyTests } from "../errors/seccomp.ts";
import { INSTRUCTIONS_MAX } from "../linux/bpf.ts";
import { type Action, encodeAction } from "./action.ts";
import { foretell, type Knowledge } from "./knowledge.ts";
import type { Rule } from "./profile.ts";
import { alternativesOf, type WordTest } from "./word-test.ts";

export interface Chance {
  readonly id: number;
  readonly tests: readonly WordTest[];
  readonly action: Action;
  /** A bit for each word that is tested. */
  readonly words: number;
}

const printTest = ({ word, operator, value, wanted }: WordTest): string =>
  `${word.offset}/${word.mask}${operator}${value}${wanted}`;

const wordsOf = (tests: readonly WordTest[]): number =>
  tests.reduce((bits, { word }) => bits | (1 << (word.offset / 4)), 0);

/** Each takes an instruction at least. */
const CHANCES_MAX = INSTRUCTIONS_MAX;

export class Chances {
  readonly #known = new Map<string, Chance>();

  /** @throws BunkerError for more than a filter could have room for */
  of(rules: readonly Rule[]): readonly Chance[] {
    const all = new Set<Chance>();
    for (const rule of rules) {
      for (const tests of alternativesOf(rule)) all.add(this.#intern(tests, rule.action));
      if (all.size > CHANCES_MAX) throw tooManyTests();
    }
    return [...all];
  }

  /** What is left after a test has come out. */
  after(chances: readonly Chance[], known: Knowledge, made: WordTest, outcome: boolean): readonly Chance[] {
    const left: Chance[] = [];
    for (const chance of chances) {
      const one = this.#after(chance, known, made, outcome);
      if (one !== undefined) left.push(one);
    }
    return left;
  }

  #after(chance: Chance, known: Knowledge, made: WordTest, outcome: boolean): Chance | undefined {
    // Nothing is learned of words that it does not test.
    if ((chance.words & wordsOf([made])) === 0) return chance;
    const open: WordTest[] = [];
    for (const test of chance.tests) {
      const foretold = foretell(test, known, made, outcome);
      if (foretold === undefined) open.push(test);
      else if (foretold !== test.wanted) return undefined;
    }
    return open.length === chance.tests.length ? chance : this.#intern(open, chance.action);
  }

  #intern(tests: readonly WordTest[], action: Action): Chance {
    const key = `${tests.map(printTest).join("&")}>${encodeAction(action)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const chance = { id: this.#known.size, tests, action, words: wordsOf(tests) };
    this.#known.set(key, chance);
    return chance;
  }
}

const sameAction = (one: Action, other: Action): boolean => encodeAction(one) === encodeAction(other);

/** Without what stands behind a certainty, and without what would come to the same as no rule. */
export const relevant = (chances: readonly Chance[], otherwise: Action): readonly Chance[] => {
  const certain = chances.findIndex(({ tests }) => tests.length === 0);
  const reachable = certain === -1 ? chances : chances.slice(0, certain + 1);
  return reachable.slice(0, reachable.findLastIndex(({ action }) => !sameAction(action, otherwise)) + 1);
};
