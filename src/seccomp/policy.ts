/**
 * A profile in the numbers of one architecture, and what it decides.
 * @module
 */
import { AUDIT_ARCH, NO_SYSCALL, X32_SYSCALL_BIT } from "../linux/seccomp.ts";
import { numberOf, SYSCALLS } from "../linux/syscall-tables.ts";
import type { Arch } from "../linux/syscalls.ts";
import { type Action, KILL } from "./action.ts";
import { holds } from "./condition.ts";
import type { Profile, Rule } from "./profile.ts";

export interface Policy {
  readonly arch: Arch;
  /** By number, in the profile's order; without what stands behind a rule that always fits. */
  readonly rules: ReadonlyMap<number, readonly Rule[]>;
  readonly isKnown: (number: number) => boolean;
  /** Every number above is unknown. */
  readonly last: number;
  readonly otherwise: Action;
  readonly unknown: Action;
  /** Names of the profile that are no calls here. */
  readonly skipped: readonly string[];
}

/** Calls of another ABI: their numbers mean something else, and there is no table of them here. Nothing lets them through. */
export const FOREIGN: Action = KILL;

/** What the kernel hands to a filter. */
export interface Call {
  /** `AUDIT_ARCH_*`. */
  readonly arch: number;
  readonly number: number;
  readonly args: readonly bigint[];
}

export interface Decision {
  readonly action: Action;
  /** Why: a rule fits, or there is none for this call, or it is not known, or of another ABI. */
  readonly because: "rule" | "otherwise" | "unknown" | "foreign";
  readonly rule?: Rule;
}

const always = ({ when = [] }: Rule): boolean => when.length === 0;

const rulesByNumber = (profile: Profile, arch: Arch): ReadonlyMap<number, readonly Rule[]> => {
  const found = new Map<number, Rule[]>();
  for (const rule of profile.rules) {
    for (const name of rule.names) {
      const number = numberOf(name, arch);
      if (number === undefined) continue;
      const before = found.get(number) ?? [];
      if (!before.some(always)) found.set(number, [...before, rule]);
    }
  }
  return found;
};

export const policyOf = (profile: Profile, arch: Arch): Policy => {
  const rules = rulesByNumber(profile, arch);
  const byTables = profile.known === "tables";
  const numbers = new Set(Object.values(SYSCALLS[arch]));
  const last = Math.max(-1, ...(byTables ? numbers : rules.keys()));
  return {
    arch,
    rules,
    isKnown: (number) => (byTables ? numbers.has(number) : number <= last),
    last,
    otherwise: profile.otherwise,
    unknown: profile.unknown,
    skipped: [...new Set(profile.rules.flatMap(({ names }) => names))].filter(
      (name) => numberOf(name, arch) === undefined,
    ),
  };
};

/** x32 has the audit arch of x86-64, and a bit in its numbers. */
export const isForeign = (number: number, arch: Arch): boolean =>
  arch === "x64" && number >= X32_SYSCALL_BIT && number !== NO_SYSCALL;

/** The meaning of a policy, in the plainest words: what a compiled filter has to agree with. */
export const decide = (policy: Policy, { arch, number, args }: Call): Decision => {
  if (arch !== AUDIT_ARCH[policy.arch] || isForeign(number, policy.arch))
    return { action: FOREIGN, because: "foreign" };
  if (!policy.isKnown(number)) return { action: policy.unknown, because: "unknown" };
  const rule = policy.rules
    .get(number)
    ?.find(({ when = [] }) => when.every((condition) => holds(condition, args[condition.argument] ?? 0n)));
  return rule ? { action: rule.action, because: "rule", rule } : { action: policy.otherwise, because: "otherwise" };
};
