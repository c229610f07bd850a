/**
 * The words of the OCI runtime specification and of libseccomp.
 *
 * Source: https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#seccomp
 * @module
 */
import type { FilterFlag } from "../../linux/seccomp.ts";
import type { Action } from "../action.ts";
import type { Operator } from "../profile.ts";

export const ACTIONS: Readonly<Record<string, Action["kind"]>> = {
  SCMP_ACT_KILL: "killThread",
  SCMP_ACT_KILL_THREAD: "killThread",
  SCMP_ACT_KILL_PROCESS: "killProcess",
  SCMP_ACT_TRAP: "trap",
  SCMP_ACT_ERRNO: "errno",
  SCMP_ACT_TRACE: "trace",
  SCMP_ACT_ALLOW: "allow",
  SCMP_ACT_LOG: "log",
  SCMP_ACT_NOTIFY: "notify",
};

export const COMPARISONS: Readonly<Record<string, Operator>> = {
  SCMP_CMP_NE: "NE",
  SCMP_CMP_LT: "LT",
  SCMP_CMP_LE: "LE",
  SCMP_CMP_EQ: "EQ",
  SCMP_CMP_GE: "GE",
  SCMP_CMP_GT: "GT",
  SCMP_CMP_MASKED_EQ: "MASKED_EQ",
};

export const ARCHITECTURES = [
  "SCMP_ARCH_X86",
  "SCMP_ARCH_X86_64",
  "SCMP_ARCH_X32",
  "SCMP_ARCH_ARM",
  "SCMP_ARCH_AARCH64",
  "SCMP_ARCH_LOONGARCH64",
  "SCMP_ARCH_M68K",
  "SCMP_ARCH_MIPS",
  "SCMP_ARCH_MIPS64",
  "SCMP_ARCH_MIPS64N32",
  "SCMP_ARCH_MIPSEL",
  "SCMP_ARCH_MIPSEL64",
  "SCMP_ARCH_MIPSEL64N32",
  "SCMP_ARCH_PARISC",
  "SCMP_ARCH_PARISC64",
  "SCMP_ARCH_PPC",
  "SCMP_ARCH_PPC64",
  "SCMP_ARCH_PPC64LE",
  "SCMP_ARCH_RISCV64",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_SH",
  "SCMP_ARCH_SHEB",
] as const;

/** What `architectures` calls ours, and what the `arches` of Docker's conditions do. */
export const OURS = {
  x64: { scmp: "SCMP_ARCH_X86_64", docker: "amd64" },
  arm64: { scmp: "SCMP_ARCH_AARCH64", docker: "arm64" },
} as const;

/** Without the flags by which the kernel hands out a listener: nobody asks for those in a file. */
export const FLAGS: readonly FilterFlag[] = [
  "SECCOMP_FILTER_FLAG_TSYNC",
  "SECCOMP_FILTER_FLAG_LOG",
  "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
  "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
];
