/**
 * Everything that turns a profile's name or text into a filter for a sandbox. Behind an import() (load.ts): most sandboxes have a filter that
 * is prebuilt.
 * @module
 */
import type { CapabilityName } from "../linux/capability.ts";
import type { Arch } from "../linux/syscalls.ts";
import { type Filter, filterOf } from "./filter.ts";
import { refuseDeniedLaunch, refuseListener } from "./launch.ts";
import { convertOciProfile } from "./oci/convert.ts";
import { readOciProfile } from "./oci/read.ts";
import { policyOf } from "./policy.ts";
import type { Profile } from "./profile.ts";
import type { ProfileFile } from "./profile-file.ts";
import { BUILTIN_PROFILES } from "./profiles/builtin.ts";
import { loggingProfile } from "./profiles/logging.ts";

export { readProfileFile } from "./profile-file.ts";

export interface FilterRequest {
  /** `default`, `strict`, or what the file is called. */
  readonly profile: string;
  readonly file?: ProfileFile;
  readonly arch: Arch;
  /** What the payload has. */
  readonly capabilities: readonly CapabilityName[];
  /** Log instead of denying. */
  readonly log: boolean;
  /** Calls that the launcher makes once the filter is there. */
  readonly needed: readonly string[];
}

type ProfileRequest = Pick<FilterRequest, "profile" | "file" | "arch" | "capabilities">;

/** @throws BunkerError that names what is wrong with a file */
export const profileFor = ({ profile, file, arch, capabilities }: ProfileRequest): Profile => {
  if (file === undefined) {
    const make = BUILTIN_PROFILES[profile];
    if (make === undefined) throw new Error(`no builtin profile ${profile}`);
    return make(capabilities);
  }
  const { text, kernelRelease } = file;
  return convertOciProfile(readOciProfile(profile, text), { arch, capabilities, kernelRelease });
};

/** The filter for a sandbox. @throws BunkerError also for a profile under which nothing could be started */
export const filterFor = (request: FilterRequest): Filter => {
  const { arch, log, needed } = request;
  const given = profileFor(request);
  refuseListener(given);
  const profile = log ? loggingProfile(given) : given;
  refuseDeniedLaunch(profile, policyOf(profile, arch), needed);
  return filterOf(profile, arch);
};
