/**
 * Conditions on 64-bit arguments → tests on the 32-bit words that classic BPF can load.
 *
 * A rule becomes *alternatives*: lists of tests that must all come out as wanted, one list of which is enough. `arg0 > v` is
 * `high > V` or (`high == V` and `low > v`).
 * @module
 */
import invariant from "tiny-invariant";
import { ARGUMENTS_MAX, SECCOMP_DATA } from "../linux/seccomp.ts";
import type { Condition, Rule } from "./profile.ts";

/** 32 bits of a call's data, or some of them. */
export interface Word {
  /** In `struct seccomp_data`. */
  readonly offset: number;
  /** 0xffffffff: all of it. */
  readonly mask: number;
}

/** `word == value` or `word >= value`; the two that everything else is put into. */
export interface WordTest {
  readonly word: Word;
  readonly operator: "equal" | "atLeast";
  readonly value: number;
  /** What has to come out. */
  readonly wanted: boolean;
}

export type Alternative = readonly WordTest[];

export const WHOLE = 0xffff_ffff;

const ALWAYS: readonly Alternative[] = [[]];
const NEVER: readonly Alternative[] = [];

const lowWord = (value: bigint): number => Number(value & 0xffff_ffffn);
const highWord = (value: bigint): number => Number(value >> 32n);

/** Both architectures are little-endian: the low word stands first. */
const lowOf = (argument: number): number => SECCOMP_DATA.args + 8 * argument;
const highOf = (argument: number): number => lowOf(argument) + 4;

const test = (offset: number, operator: WordTest["operator"], value: number, wanted = true): WordTest => ({
  word: { offset, mask: WHOLE },
  operator,
  value,
  wanted,
});

/** Every combination: what holds where both hold. */
const both = (some: readonly Alternative[], others: readonly Alternative[]): readonly Alternative[] =>
  some.flatMap((one) => others.map((other) => [...one, ...other]));

const equal = (offset: number, value: number): readonly Alternative[] => [[test(offset, "equal", value)]];
const notEqual = (offset: number, value: number): readonly Alternative[] => [[test(offset, "equal", value, false)]];
const atLeast = (offset: number, value: number): readonly Alternative[] =>
  value === 0 ? ALWAYS : [[test(offset, "atLeast", value)]];
const above = (offset: number, value: number): readonly Alternative[] =>
  value === WHOLE ? NEVER : atLeast(offset, value + 1);
const below = (offset: number, value: number): readonly Alternative[] =>
  value === 0 ? NEVER : [[test(offset, "atLeast", value, false)]];
const atMost = (offset: number, value: number): readonly Alternative[] =>
  value === WHOLE ? ALWAYS : below(offset, value + 1);

const maskedEqual = (offset: number, mask: number, value: number): readonly Alternative[] => {
  // A bit that the mask takes away is never there.
  if ((value & ~mask) !== 0) return NEVER;
  if (mask === 0) return ALWAYS;
  return [[{ word: { offset, mask }, operator: "equal", value, wanted: true }]];
};

const onLow = ({ argument, operator, value, mask = 0n }: Condition): readonly Alternative[] => {
  const [offset, word] = [lowOf(argument), lowWord(value)];
  switch (operator) {
    case "EQ":
      return equal(offset, word);
    case "NE":
      return notEqual(offset, word);
    case "LT":
      return below(offset, word);
    case "LE":
      return atMost(offset, word);
    case "GT":
      return above(offset, word);
    case "GE":
      return atLeast(offset, word);
    case "MASKED_EQ":
      return maskedEqual(offset, lowWord(mask), word);
  }
};

/** The high words decide, unless they are equal. */
const onBoth = (condition: Condition): readonly Alternative[] => {
  const { argument, operator, value, mask = 0n } = condition;
  const [offset, high] = [highOf(argument), highWord(value)];
  switch (operator) {
    case "EQ":
      return both(equal(offset, high), onLow(condition));
    case "NE":
      return [...notEqual(offset, high), ...onLow(condition)];
    case "LT":
    case "LE":
      return [...both(equal(offset, high), onLow(condition)), ...below(offset, high)];
    case "GT":
    case "GE":
      return [...both(equal(offset, high), onLow(condition)), ...above(offset, high)];
    case "MASKED_EQ":
      return both(maskedEqual(offset, highWord(mask), high), onLow(condition));
  }
};

const ofCondition = (condition: Condition): readonly Alternative[] => {
  const { argument, bits, value, mask = 0n } = condition;
  invariant(argument >= 0 && argument < ARGUMENTS_MAX, "a call has six arguments");
  invariant(BigInt.asUintN(bits, value) === value, "a value has the bits that it is compared with");
  invariant(BigInt.asUintN(bits, mask) === mask, "a mask has the bits that it is used on");
  return bits === 32 ? onLow(condition) : onBoth(condition);
};

/** No alternative: the rule fits no call. */
export const alternativesOf = ({ when = [] }: Rule): readonly Alternative[] =>
  when.map(ofCondition).reduce(both, ALWAYS);
