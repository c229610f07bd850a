/**
 * The profiles that have a name.
 * @module
 */
import type { CapabilityName } from "../../linux/capability.ts";
import type { Profile } from "../profile.ts";
import { defaultProfile } from "./default.ts";
import { strictProfile } from "./strict.ts";

export const BUILTIN_PROFILES: Readonly<Record<string, (capabilities: readonly CapabilityName[]) => Profile>> = {
  default: defaultProfile,
  strict: strictProfile,
};
