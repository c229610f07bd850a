/**
 * Filters as `npm run gen` has compiled them: text, since that is what a module carries best.
 * @module
 */
import type { Arch, Filter } from "../../../src/api.ts";

export interface Prebuilt {
  readonly instructions: number;
  readonly sha256: string;
  readonly base64: string;
}

export type PrebuiltFilters = Readonly<Record<Arch, Prebuilt>>;

export const decodePrebuilt = (profile: string, filters: PrebuiltFilters, arch: Arch): Filter => {
  const { base64, instructions, sha256 } = filters[arch];
  const bytes = Uint8Array.fromBase64(base64);
  return { profile, arch, bytes, instructions, sha256, flags: [], skipped: [], remarks: [] };
};
