/**
 * Seccomp: what filters look at, and what they answer.
 *
 * Source: include/uapi/linux/seccomp.h, include/uapi/linux/audit.h, seccomp(2), seccomp_unotify(2).
 * @module
 */
import type { Arch } from "./syscalls.ts";

/** Operations of seccomp(2). */
export const SECCOMP_SET_MODE_FILTER = 1;

export const SECCOMP_FILTER_FLAGS = {
  SECCOMP_FILTER_FLAG_TSYNC: 1 << 0,
  SECCOMP_FILTER_FLAG_LOG: 1 << 1,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 1 << 2,
  SECCOMP_FILTER_FLAG_NEW_LISTENER: 1 << 3,
  SECCOMP_FILTER_FLAG_TSYNC_ESRCH: 1 << 4,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 1 << 5,
} as const;
export type FilterFlag = keyof typeof SECCOMP_FILTER_FLAGS;

/** The upper 16 bits of an answer; of several filters' answers the one that stands first here counts. */
export const SECCOMP_RET = {
  KILL_PROCESS: 0x8000_0000,
  KILL_THREAD: 0x0000_0000,
  TRAP: 0x0003_0000,
  ERRNO: 0x0005_0000,
  USER_NOTIF: 0x7fc0_0000,
  TRACE: 0x7ff0_0000,
  LOG: 0x7ffc_0000,
  ALLOW: 0x7fff_0000,
} as const;
export const SECCOMP_RET_DATA = 0xffff;
/** `MAX_ERRNO`, include/linux/err.h: what a filter says above it counts as this. */
export const ERRNO_MAX = 4095;

/** `struct seccomp_data { int nr; u32 arch; u64 instruction_pointer; u64 args[6] }`. */
export const SECCOMP_DATA = { nr: 0, arch: 4, instructionPointer: 8, args: 16, sizeBytes: 64 } as const;
export const ARGUMENTS_MAX = 6;

/** `AUDIT_ARCH_*`: the machine's `e_machine` with bits for 64 bits and little endian. */
export const AUDIT_ARCH: Readonly<Record<Arch, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
export const AUDIT_ARCH_NAMES: Readonly<Record<number, string>> = {
  3221225534: "x86_64",
  1073741827: "i386",
  3221225655: "aarch64",
  1073741864: "arm",
};

/**
 * `__X32_SYSCALL_BIT`, arch/x86/include/uapi/asm/unistd.h: calls of the x32 ABI have the audit arch of x86-64 and this bit in their number.
 * -1 has it too, and is no call of any ABI.
 */
export const X32_SYSCALL_BIT = 0x4000_0000;
/** -1 as a filter sees it: a call that a tracer has skipped, or nobody's. */
export const NO_SYSCALL = 0xffff_ffff;
