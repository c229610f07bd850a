/**
 * The profile that a verb is about: by name or file, for an architecture and for capabilities.
 * @module
 */
import { resolve } from "node:path";
import { badFlagValue } from "../../errors/usage.ts";
import { createHost } from "../../launch/host.ts";
import { CAPABILITIES, type CapabilityName } from "../../linux/capability.ts";
import type { Arch } from "../../linux/syscalls.ts";
import { ALLOW } from "../../seccomp/action.ts";
import { profileFor, readProfileFile } from "../../seccomp/compiler.ts";
import { type Policy, policyOf } from "../../seccomp/policy.ts";
import type { Profile } from "../../seccomp/profile.ts";
import { BUILTIN_PROFILES } from "../../seccomp/profiles/builtin.ts";
import { loggingProfile } from "../../seccomp/profiles/logging.ts";
import type { Words } from "./words.ts";

export interface Subject {
  readonly profile: Profile;
  readonly policy: Policy;
  readonly arch: Arch;
}

export const NONE = "none";
export const PROFILE_NAMES: readonly string[] = [...Object.keys(BUILTIN_PROFILES), NONE];

/** For comparison with what has rules. */
const NO_FILTER: Profile = {
  name: NONE,
  rules: [],
  otherwise: ALLOW,
  unknown: ALLOW,
  known: "tables",
  flags: [],
  hasListener: false,
  remarks: ["there is no filter: calls of other ABIs go through too"],
};

const ARCHES: readonly Arch[] = ["x64", "arm64"];

export const archOf = (words: Words): Arch => {
  const value = words.single("arch") ?? process.arch;
  const arch = ARCHES.find((one) => one === value);
  if (arch === undefined) throw badFlagValue("--arch", value, ARCHES.join(" or "));
  return arch;
};

const capabilityOf = (value: string): readonly CapabilityName[] => {
  const name = value.toUpperCase().replace(/^CAP_/, "");
  if (name === "ALL") return CAPABILITIES;
  const known = CAPABILITIES.filter((one) => one === name);
  if (known.length === 0) throw badFlagValue("--cap-add", value, "ALL or a capability of capabilities(7)");
  return known;
};

const profileNamed = (name: string, words: Words, arch: Arch): Profile => {
  if (name === NONE) return NO_FILTER;
  const capabilities = words.values("cap-add").flatMap(capabilityOf);
  if (Object.hasOwn(BUILTIN_PROFILES, name)) return profileFor({ profile: name, arch, capabilities });
  const host = createHost();
  const file = readProfileFile(name, resolve(host.cwd, name), host, PROFILE_NAMES);
  return profileFor({ profile: name, file, arch, capabilities });
};

/** @throws BunkerError for a file that is no profile */
export const subjectOf = (name: string, words: Words): Subject => {
  const arch = archOf(words);
  const given = profileNamed(name, words, arch);
  const profile = words.has("log") ? loggingProfile(given) : given;
  return { profile, policy: policyOf(profile, arch), arch };
};
