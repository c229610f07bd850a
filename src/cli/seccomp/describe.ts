/**
 * What a policy says of every call, in words.
 * @module
 */
import { SYSCALLS } from "../../linux/syscall-tables.ts";
import { printAction } from "../../seccomp/action.ts";
import { printConditions } from "../../seccomp/condition.ts";
import type { Policy } from "../../seccomp/policy.ts";
import type { Rule } from "../../seccomp/profile.ts";

export interface Answer {
  readonly action: string;
  /** Empty where it is always so. */
  readonly when: string;
  readonly why: string;
}

export interface CallAnswers {
  readonly number: number;
  readonly name: string;
  /** In order; the last one is for all that is left. */
  readonly answers: readonly Answer[];
}

const answerOf = ({ action, when = [], why = "" }: Rule): Answer => ({
  action: printAction(action),
  when: printConditions(when),
  why,
});

/** Calls that have a name, in the order of their numbers. */
export const callsOf = (policy: Policy): readonly CallAnswers[] =>
  Object.entries(SYSCALLS[policy.arch])
    .map(([name, number]) => ({ number, name, answers: answersTo(policy, number) }))
    .sort((one, other) => one.number - other.number);

export const answersTo = (policy: Policy, number: number): readonly Answer[] => {
  if (!policy.isKnown(number))
    return [{ action: printAction(policy.unknown), when: "", why: "not known to the profile" }];
  const answers = (policy.rules.get(number) ?? []).map(answerOf);
  if (answers.some(({ when }) => when === "")) return answers;
  const rest = answers.length === 0 ? "no rule" : "no rule fits";
  return [...answers, { action: printAction(policy.otherwise), when: "", why: rest }];
};
