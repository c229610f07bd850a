/**
 * Conditions: short words for them, what they mean, and how they print.
 * @module
 */
import type { Condition, Operator } from "./profile.ts";

/** On the low 32 bits of an argument, for what the kernel takes as `int` or `unsigned int`. */
export const low = (argument: number, operator: Operator, value: number | bigint, shown?: string): Condition => ({
  argument,
  bits: 32,
  operator,
  value: BigInt(value),
  ...(shown === undefined ? {} : { shown }),
});

/** `(argument & mask) == value`, of the low 32 bits. */
export const lowMasked = (argument: number, mask: number, value: number, shown?: string): Condition => ({
  ...low(argument, "MASKED_EQ", value, shown),
  mask: BigInt(mask),
});

/** Whether it holds for the value of its argument, as the register has it. This is the definition; compiled filters are held to it. */
export const holds = ({ bits, operator, value, mask = 0n }: Condition, register: bigint): boolean => {
  const argument = BigInt.asUintN(bits, register);
  switch (operator) {
    case "EQ":
      return argument === value;
    case "NE":
      return argument !== value;
    case "LT":
      return argument < value;
    case "LE":
      return argument <= value;
    case "GT":
      return argument > value;
    case "GE":
      return argument >= value;
    case "MASKED_EQ":
      return (argument & mask) === value;
  }
};

const SIGNS: Readonly<Record<Operator, string>> = {
  EQ: "==",
  NE: "!=",
  LT: "<",
  LE: "<=",
  GT: ">",
  GE: ">=",
  MASKED_EQ: "==",
};

const hex = (value: bigint): string => (value < 10n ? String(value) : `0x${value.toString(16)}`);

/** `arg0 == AF_UNIX`, `arg0 & 0x7e020000 == 0`; the arguments of which all 64 bits count are `arg0:64`. */
export const printCondition = ({ argument, bits, operator, value, mask, shown }: Condition): string => {
  const name = `arg${argument}${bits === 64 ? ":64" : ""}`;
  const left = mask === undefined ? name : `${name} & ${hex(mask)}`;
  return `${left} ${SIGNS[operator]} ${shown ?? hex(value)}`;
};

export const printConditions = (conditions: readonly Condition[]): string =>
  conditions.map(printCondition).join(" and ");
