/**
 * `bunker seccomp simulate [PROFILE] SYSCALL [ARGUMENT…]`: what a call gets, and why.
 *
 * The rules are asked, and the compiled filter is run: two answers that differ would be a mistake of the compiler's.
 * @module
 */
import { simulateMissing, syscallUnknown, tooManyArguments } from "../../errors/seccomp.ts";
import { ARGUMENTS_MAX, AUDIT_ARCH } from "../../linux/seccomp.ts";
import { isSyscall, nameOf, numberOf, SYSCALLS } from "../../linux/syscall-tables.ts";
import type { Arch } from "../../linux/syscalls.ts";
import { ALLOW, decodeAction, encodeAction, printAction } from "../../seccomp/action.ts";
import { compile } from "../../seccomp/compile.ts";
import { printConditions } from "../../seccomp/condition.ts";
import { interpret } from "../../seccomp/interpret.ts";
import { type Decision, decide } from "../../seccomp/policy.ts";
import { parseArgument } from "./constants.ts";
import { answersTo } from "./describe.ts";
import { actionStyle, painter } from "./paint.ts";
import { NONE, PROFILE_NAMES, type Subject, subjectOf } from "./subject.ts";
import type { Words } from "./words.ts";

export const simulate = (words: Words): void => {
  const { profile, call, args } = split(words.words);
  const subject = subjectOf(profile, words);
  const result = resultOf(subject, numberFrom(call, subject.arch), args.map(parseArgument));
  console.log(words.has("json") ? JSON.stringify(toJson(result), undefined, 2) : toText(result, call, args));
};

// --- internal ---

interface Result {
  readonly subject: Subject;
  readonly number: number;
  readonly args: readonly bigint[];
  readonly decision: Decision;
  readonly path: readonly number[];
  readonly instructions: number;
}

interface Asked {
  readonly profile: string;
  readonly call: string;
  readonly args: readonly string[];
}

/** A first word that is a profile's name, or looks like a path, is the profile. */
const split = (words: readonly string[]): Asked => {
  const [first] = words;
  const isProfile = first !== undefined && (PROFILE_NAMES.includes(first) || /[/.]/.test(first));
  const [call, ...args] = isProfile ? words.slice(1) : words;
  if (call === undefined) throw simulateMissing();
  if (args.length > ARGUMENTS_MAX) throw tooManyArguments(call, ARGUMENTS_MAX);
  return { profile: isProfile ? first : "default", call, args };
};

/** A number may be of a call that has no name. */
const numberFrom = (call: string, arch: Arch): number => {
  if (/^(-?\d+|0x[0-9a-fA-F]+)$/.test(call)) return Number(BigInt.asUintN(32, BigInt(call)));
  const number = numberOf(call, arch);
  if (number === undefined) throw syscallUnknown(call, arch, isSyscall(call), Object.keys(SYSCALLS[arch]));
  return number;
};

const resultOf = (subject: Subject, number: number, args: readonly bigint[]): Result => {
  const { policy, arch, profile } = subject;
  if (profile.name === NONE)
    return { subject, number, args, decision: { action: ALLOW, because: "otherwise" }, path: [], instructions: 0 };
  const call = { arch: AUDIT_ARCH[arch], number, args };
  const program = compile(policy);
  const { value, path } = interpret(program, call);
  const decision = decide(policy, call);
  if (encodeAction(decodeAction(value)) !== encodeAction(decision.action))
    throw new Error(
      `the filter of ${subject.profile.name} answers 0x${value.toString(16)} to call ${number}: not what its rules say`,
    );
  return { subject, number, args, decision, path, instructions: program.length };
};

const reasonOf = ({ decision, subject: { policy, profile } }: Result): string => {
  const { because, rule } = decision;
  if (profile.name === NONE) return "there is no filter";
  if (because === "foreign") return "a call of another ABI, for which there are no rules";
  if (because === "unknown") return "the profile does not know the call";
  if (because === "otherwise")
    return `no rule fits, and ${printAction(policy.otherwise)} is what the profile has for that`;
  const when = printConditions(rule?.when ?? []);
  return [when === "" ? "a rule for every such call" : `the rule ${when}`, rule?.why].filter(Boolean).join(": ");
};

const toJson = (result: Result): Record<string, unknown> => {
  const { subject, number, args, decision, path, instructions } = result;
  return {
    profile: subject.profile.name,
    arch: subject.arch,
    call: nameOf(number, subject.arch) ?? null,
    number,
    args: args.map((arg) => `0x${arg.toString(16)}`),
    action: printAction(decision.action),
    because: decision.because,
    reason: reasonOf(result),
    rules: answersTo(subject.policy, number),
    filter: { instructions, path },
  };
};

const toText = (result: Result, call: string, args: readonly string[]): string => {
  const { subject, decision, path, instructions, number } = result;
  const paint = painter();
  const action = printAction(decision.action);
  const rules = decision.because === "foreign" || instructions === 0 ? [] : answersTo(subject.policy, number);
  return [
    `${call}(${args.join(", ")}) → ${paint(actionStyle(action), action)}`,
    `because  ${reasonOf(result)}`,
    ...rules.map(
      (rule, index) =>
        `${index === 0 ? "rules" : "     "}    ${paint(actionStyle(rule.action), rule.action)}${rule.when === "" ? "" : ` when ${rule.when}`}`,
    ),
    ...(instructions === 0
      ? []
      : [
          `filter   ${subject.profile.name}, ${subject.arch}: ${path.length} of ${instructions} instructions, ${path.join(" → ")}`,
        ]),
  ].join("\n");
};
