/**
 * A profile → a filter with everything that is told of it: by `bunker explain`, by `bunker seccomp`, and to the launcher.
 * @module
 */
import type { FilterFlag } from "../linux/seccomp.ts";
import type { Arch } from "../linux/syscalls.ts";
import { compile } from "./compile.ts";
import { encodeInstructions } from "./instruction.ts";
import { policyOf } from "./policy.ts";
import type { Profile } from "./profile.ts";

export interface Filter {
  readonly profile: string;
  readonly arch: Arch;
  /** `struct sock_filter[]` */
  readonly bytes: Uint8Array;
  readonly instructions: number;
  /** Of the bytes, in hexadecimal. */
  readonly sha256: string;
  readonly flags: readonly FilterFlag[];
  /** Names in a file that are no calls of this architecture. Our own profiles are for every one. */
  readonly skipped: readonly string[];
  readonly remarks: readonly string[];
}

/** @throws BunkerError for a profile that no filter has room for */
export const filterOf = (profile: Profile, arch: Arch): Filter => {
  const policy = policyOf(profile, arch);
  const program = compile(policy);
  const bytes = encodeInstructions(program);
  return {
    profile: profile.name,
    arch,
    bytes,
    instructions: program.length,
    sha256: new Bun.CryptoHasher("sha256").update(bytes).digest("hex"),
    flags: profile.flags,
    skipped: profile.known === "rules" ? policy.skipped : [],
    remarks: profile.remarks,
  };
};
