/**
 * What is known of a call's words on one path through a filter: it decides tests that then need not be made.
 *
 * Of a whole word it is a range; of masked words nothing is kept, since one outcome decides all their tests that it can decide.
 * @module
 */
import { WHOLE, type WordTest } from "./word-test.ts";

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** By offset. */
export type Knowledge = ReadonlyMap<number, Range>;

export const NOTHING: Knowledge = new Map();

const ANYTHING: Range = { min: 0, max: WHOLE };

export const rangeOf = (known: Knowledge, offset: number): Range => known.get(offset) ?? ANYTHING;

const narrowed = ({ min, max }: Range, { operator, value }: WordTest, outcome: boolean): Range => {
  if (operator === "atLeast")
    return outcome ? { min: Math.max(min, value), max } : { min, max: Math.min(max, value - 1) };
  if (outcome) return { min: value, max: value };
  return { min: value === min ? min + 1 : min, max: value === max ? max - 1 : max };
};

/** After a test has come out. */
export const learn = (known: Knowledge, test: WordTest, outcome: boolean): Knowledge => {
  const { offset, mask } = test.word;
  if (mask !== WHOLE) return known;
  return new Map(known).set(offset, narrowed(rangeOf(known, offset), test, outcome));
};

const sameWord = (one: WordTest, other: WordTest): boolean =>
  one.word.offset === other.word.offset && one.word.mask === other.word.mask;

/** How a test comes out after another one has; undefined where that says nothing. */
const after = (test: WordTest, made: WordTest, outcome: boolean): boolean | undefined => {
  if (!sameWord(test, made)) return undefined;
  if (test.operator === made.operator && test.value === made.value) return outcome;
  // The same bits have one value.
  return test.operator === "equal" && made.operator === "equal" && outcome ? false : undefined;
};

const within = ({ min, max }: Range, { word, operator, value }: WordTest): boolean | undefined => {
  if (min === max) return operator === "equal" ? (min & word.mask) >>> 0 === value : min >= value;
  if (word.mask !== WHOLE) return undefined;
  if (operator === "atLeast") return min >= value ? true : max < value ? false : undefined;
  return value < min || value > max ? false : undefined;
};

/** How a test comes out, where that is known after `made` has come out as `outcome`. */
export const foretell = (test: WordTest, known: Knowledge, made: WordTest, outcome: boolean): boolean | undefined =>
  after(test, made, outcome) ?? within(rangeOf(known, test.word.offset), test);
