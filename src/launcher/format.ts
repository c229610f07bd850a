/**
 * Text that is only known while the program runs: an id map, a path under /proc.
 * @module
 */
import { branch, compute, jump, label, set, slot, store } from "../ir/build.ts";
import type { Buffer, Op, Operand } from "../ir/op.ts";

/** Bytes that the last {@link format} wrote. */
export const formattedLength = slot("length");

const cursor = slot("cursor");
const value = slot("number");
const scale = slot("scale");
const digit = slot("digit");

/** Characters as constants in the code: the texts are a few bytes. */
const appendText = (text: string): readonly Op[] => {
  const characters = new TextEncoder().encode(text);
  return [
    ...Array.from(characters, (character, index) => store(cursor, index, 1, character)),
    compute(cursor, cursor, "add", characters.length),
  ];
};

/** An unsigned number of at most 32 bits: finds its largest power of ten, then divides it away digit by digit. */
const appendDecimal = (number: Operand, at: string): readonly Op[] => [
  set(value, number),
  set(scale, 1),
  label(`${at}: scale`),
  compute(digit, value, "divide", scale),
  branch(digit, "less", 10, `${at}: digits`),
  // scale *= 10, from the two operations there are: 8 × scale + 2 × scale.
  compute(digit, scale, "shiftLeft", 1),
  compute(scale, scale, "shiftLeft", 3),
  compute(scale, scale, "add", digit),
  jump(`${at}: scale`),
  label(`${at}: digits`),
  compute(digit, value, "divide", scale),
  compute(value, value, "remainder", scale),
  compute(digit, digit, "add", "0".charCodeAt(0)),
  store(cursor, 0, 1, digit),
  compute(cursor, cursor, "add", 1),
  compute(scale, scale, "divide", 10),
  branch(scale, "notEqual", 0, `${at}: digits`),
];

export type Part = string | { readonly decimal: Operand };

/** The text, where all of it is known before the program runs. */
export const knownText = (parts: readonly Part[]): string | undefined => {
  const texts = parts.map((part) => (typeof part === "string" ? part : part.decimal));
  return texts.every((text) => typeof text !== "object") ? texts.join("") : undefined;
};

/**
 * Writes texts and numbers one after the other into a buffer, with a NUL at the end, and sets {@link formattedLength}.
 * `name` keeps the labels of several formats apart.
 */
export const format = (into: Buffer, name: string, ...parts: readonly Part[]): readonly Op[] => [
  set(cursor, into),
  ...parts.flatMap((part, index) => {
    if (typeof part === "string") return appendText(part);
    if (typeof part.decimal === "number") return appendText(String(part.decimal));
    return appendDecimal(part.decimal, `${name} ${index}`);
  }),
  store(cursor, 0, 1, 0),
  compute(formattedLength, cursor, "subtract", into),
];
