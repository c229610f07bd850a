/**
 * What a filter is made of.
 *
 * A *condition* compares one argument of a call with a value. A *rule* has names of calls, conditions that must all hold, and an action. A
 * *profile* has rules, of which the first that fits decides, and what happens to calls that none fits. A *policy* (policy.ts) is a profile in
 * the numbers of one architecture, and a *filter* (compile.ts) the program for the kernel that decides as the policy does.
 * @module
 */
import type { FilterFlag } from "../linux/seccomp.ts";
import type { Action } from "./action.ts";

/** In the words of libseccomp and of the OCI runtime specification, without `SCMP_CMP_`. Comparisons are unsigned. */
export const OPERATORS = ["EQ", "NE", "LT", "LE", "GT", "GE", "MASKED_EQ"] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Condition {
  /** 0 to 5. */
  readonly argument: number;
  /**
   * How much of the argument is compared. Registers have 64 bits; where the kernel takes an `int` or an `unsigned int` it looks at the low
   * 32, and so must the filter, or a bit above them makes a value that it does not know (CVE-2019-10063).
   */
  readonly bits: 32 | 64;
  readonly operator: Operator;
  readonly value: bigint;
  /** Of `MASKED_EQ` alone: `(argument & mask) == value`. */
  readonly mask?: bigint;
  /** What people call the value: `AF_UNIX`. */
  readonly shown?: string;
}

export interface Rule {
  /** Names that an architecture does not have are none of its calls. */
  readonly names: readonly string[];
  readonly action: Action;
  /** All of them must hold; without one the rule always fits. */
  readonly when?: readonly Condition[];
  /** For people: the reason, as half a sentence. */
  readonly why?: string;
}

export interface Profile {
  /** As the user named it: `default`, or a path. */
  readonly name: string;
  /** In order: the first rule that fits a call decides. */
  readonly rules: readonly Rule[];
  /** What a known call gets that no rule fits. */
  readonly otherwise: Action;
  /** What a call gets that the profile does not know: a libc that asks for a newer call than we know must be able to fall back. */
  readonly unknown: Action;
  /**
   * Which calls are known.
   * - `tables`: the ones that have a name in our tables.
   * - `rules`: every number up to the largest one that a rule names. runc's way, since a file does not tell what its author knew.
   */
  readonly known: "tables" | "rules";
  readonly flags: readonly FilterFlag[];
  /** Names a socket of somebody who is to answer notifications. */
  readonly hasListener: boolean;
  /** Sentences about what was read and may surprise. */
  readonly remarks: readonly string[];
}
