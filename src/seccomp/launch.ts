/**
 * What a profile must not take away from the launcher, and what it must not ask for: checked before anything is started.
 * @module
 */
import { profileDeniesLaunch, profileNeedsListener } from "../errors/seccomp.ts";
import { numberOf } from "../linux/syscall-tables.ts";
import { isPermitted } from "./action.ts";
import type { Policy } from "./policy.ts";
import type { Profile } from "./profile.ts";

/** Whether a call is made for some arguments at least. */
export const mayPermit = ({ rules, isKnown, otherwise, unknown, arch }: Policy, name: string): boolean => {
  const number = numberOf(name, arch);
  if (number === undefined || !isKnown(number)) return isPermitted(unknown);
  const own = rules.get(number) ?? [];
  const always = own.some(({ when = [] }) => when.length === 0);
  return own.some(({ action }) => isPermitted(action)) || (!always && isPermitted(otherwise));
};

/** @throws BunkerError that names the first of `calls` which the policy never allows */
export const refuseDeniedLaunch = (profile: Profile, policy: Policy, calls: readonly string[]): void => {
  const denied = calls.find((name) => !mayPermit(policy, name));
  if (denied !== undefined) throw profileDeniesLaunch(profile.name, denied);
};

/** @throws BunkerError for a profile that waits for answers */
export const refuseListener = ({ name, rules, otherwise, flags, hasListener }: Profile): void => {
  if (hasListener) throw profileNeedsListener(name, "a listenerPath");
  if (otherwise.kind === "notify" || rules.some(({ action }) => action.kind === "notify"))
    throw profileNeedsListener(name, "the action SCMP_ACT_NOTIFY");
  if (flags.includes("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
    throw profileNeedsListener(name, "the flag SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
};
