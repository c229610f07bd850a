/**
 * Strings and bytes, for code that has neither a stack nor functions: every use is written out.
 * `name` keeps the labels of several uses apart.
 * @module
 */
import { branch, compute, jump, label, load, set, slot, store, text } from "../../ir/build.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import { HASH_SHIFT, KEPT_SUFFIX } from "../kept.ts";

const left = slot("left");
const right = slot("right");
const rest = slot("rest");
const one = slot("one");
const other = slot("other");

/** Goes on where `count` bytes are the same. */
export const compareBytes = (
  name: string,
  a: Operand,
  b: Operand,
  count: Operand,
  otherwise: string,
): readonly Op[] => [
  set(left, a),
  set(right, b),
  set(rest, count),
  label(`${name}: compare`),
  branch(rest, "equal", 0, `${name}: equal`),
  load(one, left, 0, 1),
  load(other, right, 0, 1),
  branch(one, "notEqual", other, otherwise),
  compute(left, left, "add", 1),
  compute(right, right, "add", 1),
  compute(rest, rest, "subtract", 1),
  jump(`${name}: compare`),
  label(`${name}: equal`),
];

/** The bytes in front of a string's NUL. */
export const lengthOf = (name: string, string: Operand, into: Slot): readonly Op[] => [
  set(left, string),
  label(`${name}: length`),
  load(one, left, 0, 1),
  compute(left, left, "add", 1),
  branch(one, "notEqual", 0, `${name}: length`),
  compute(into, left, "subtract", string),
  compute(into, into, "subtract", 1),
];

/** Copies a string to `cursor`, which then points at its NUL. */
export const append = (name: string, cursor: Slot, string: Operand): readonly Op[] => [
  set(left, string),
  label(`${name}: append`),
  load(one, left, 0, 1),
  store(cursor, 0, 1, one),
  branch(one, "equal", 0, `${name}: appended`),
  compute(left, left, "add", 1),
  compute(cursor, cursor, "add", 1),
  jump(`${name}: append`),
  label(`${name}: appended`),
];

/** `hash = hash × 33 + byte`, for every byte of a string and its NUL. */
export const hashString = (name: string, hash: Slot, string: Operand): readonly Op[] => [
  set(left, string),
  label(`${name}: hash`),
  load(one, left, 0, 1),
  compute(other, hash, "shiftLeft", HASH_SHIFT),
  compute(hash, hash, "add", other),
  compute(hash, hash, "add", one),
  compute(left, left, "add", 1),
  branch(one, "notEqual", 0, `${name}: hash`),
];

/** The name of a kept file: sixteen hexadecimal digits and the suffix. */
export const formatName = (hash: Slot, into: Operand): readonly Op[] => [
  set(left, into),
  set(rest, 16),
  label("name: digit"),
  compute(one, hash, "shiftRight", 60),
  compute(hash, hash, "shiftLeft", 4),
  branch(one, "less", 10, "name: decimal"),
  compute(one, one, "add", "a".charCodeAt(0) - "0".charCodeAt(0) - 10),
  label("name: decimal"),
  compute(one, one, "add", "0".charCodeAt(0)),
  store(left, 0, 1, one),
  compute(left, left, "add", 1),
  compute(rest, rest, "subtract", 1),
  branch(rest, "notEqual", 0, "name: digit"),
  set(right, left),
  ...append("name", right, text(KEPT_SUFFIX)),
];

const variable = slot("variable");

/** `into` is the value of a variable of the environment; where there is none it jumps to `missing`. */
export const findVariable = (
  label_: string,
  environment: Operand,
  name: Operand,
  nameBytes: Operand,
  into: Slot,
  missing: string,
): readonly Op[] => [
  set(variable, environment),
  label(`${label_}: variable`),
  load(into, variable, 0, 8),
  branch(into, "equal", 0, missing),
  compute(variable, variable, "add", 8),
  ...compareBytes(`${label_}: name`, into, name, nameBytes, `${label_}: variable`),
  compute(into, into, "add", nameBytes),
  load(one, into, 0, 1),
  branch(one, "notEqual", "=".charCodeAt(0), `${label_}: variable`),
  compute(into, into, "add", 1),
];
