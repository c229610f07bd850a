/**
 * Which filter: a prebuilt one where that is the same, or one that is compiled now.
 * @module
 */
import {
  type Arch,
  CAPABILITIES,
  type CapabilityName,
  type Filter,
  type Host,
  loadSeccompCompiler,
} from "../../src/api.ts";
import { grantedBy } from "../capabilities.ts";
import { resolveFrom } from "../path.ts";
import { decodePrebuilt } from "./prebuilt/decode.ts";
import { FILTERS as DEFAULT } from "./prebuilt/default.ts";

const NONE = "none";
const BUILTIN = ["default", "strict"] as const;

/** Names of profiles. A file of such a name is `./default`. */
export const PROFILES: readonly string[] = [...BUILTIN, NONE];

interface Choice {
  readonly profile?: string | undefined;
  readonly log?: boolean | undefined;
}

type Sections = Readonly<Record<string, unknown>>;

/** In user namespaces of its own the payload has all of them: with `--allow-userns` it may make what CAP_SYS_ADMIN makes. */
const nestedCapabilities = (sections: Sections): readonly CapabilityName[] => {
  const { nested = false } = (sections.userns ?? {}) as { readonly nested?: boolean };
  return nested ? ["SYS_ADMIN"] : [];
};

const capabilitiesOf = (sections: Sections): readonly CapabilityName[] => {
  const granted = grantedBy((sections.capabilities ?? {}) as Parameters<typeof grantedBy>[0]);
  const names = granted.map((number) => CAPABILITIES[number] as CapabilityName);
  return [...new Set([...names, ...nestedCapabilities(sections)])];
};

/** Without no_new_privs the launcher has work to do behind the filter (plan/lower/payload.ts). */
const neededCalls = (sections: Sections): readonly string[] => {
  const { allow = false } = (sections.no_new_privs ?? {}) as { readonly allow?: boolean };
  return ["execve", ...(allow ? ["prctl", "capget", "capset", "close_range", "rt_sigprocmask"] : [])];
};

const compiled = async (choice: Choice, profile: string, host: Host, sections: Sections): Promise<Filter> => {
  const { log = false } = choice;
  const { filterFor, readProfileFile } = await loadSeccompCompiler();
  const isFile = !BUILTIN.includes(profile as never);
  const file = isFile ? readProfileFile(profile, resolveFrom(host.cwd, profile), host, PROFILES) : undefined;
  return filterFor({
    profile,
    ...(file === undefined ? {} : { file }),
    arch: host.arch,
    capabilities: capabilitiesOf(sections),
    log,
    needed: neededCalls(sections),
  });
};

/** Undefined for `none`. @throws BunkerError for a file that cannot be used */
export const chooseFilter = (choice: Choice, host: Host, sections: Sections): Filter | undefined | Promise<Filter> => {
  const { profile = "default", log = false } = choice;
  if (profile === NONE) return undefined;
  if (profile === "default" && !log && capabilitiesOf(sections).length === 0)
    return decodePrebuilt(profile, DEFAULT, host.arch);
  // Capabilities do not widen this one.
  if (profile === "strict" && !log) return prebuiltStrict(host.arch);
  return compiled(choice, profile, host, sections);
};

const prebuiltStrict = async (arch: Arch): Promise<Filter> =>
  decodePrebuilt("strict", (await import("./prebuilt/strict.ts")).FILTERS, arch);
