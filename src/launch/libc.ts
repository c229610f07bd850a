/**
 * The seam to the kernel: libc's clone(2) wrapper and its syscall(2), through bun:ffi. Nothing else in Bunker calls C.
 *
 * `clone` must be libc's own, since a raw clone in JavaScript's thread would return twice into JavaScript. Everything else goes
 * through `syscall`, so that one signature is enough and the numbers are the ones of the program's own tables.
 * @module
 */
import { dlopen, FFIType, type Pointer, read } from "bun:ffi";
import { type Arch, type SyscallName, syscallNumber } from "../linux/syscalls.ts";

export const arch = process.arch as Arch;

/** glibc, then musl under the two names that distributions give it. */
const LIBC_NAMES = ["libc.so.6", `libc.musl-${arch === "x64" ? "x86_64" : "aarch64"}.so.1`, "libc.so"];

const load = (name: string) =>
  dlopen(name, {
    /** `long syscall(long number, …)`: -1 and errno on failure. */
    syscall: {
      args: [
        FFIType.i64_fast,
        FFIType.i64_fast,
        FFIType.i64_fast,
        FFIType.i64_fast,
        FFIType.i64_fast,
        FFIType.i64_fast,
        FFIType.i64_fast,
      ],
      returns: FFIType.i64_fast,
    },
    /** `int clone(int (*fn)(void *), void *stack, int flags, void *arg, pid_t *parent_tid, void *tls, pid_t *child_tid)`. */
    clone: { args: ["ptr", "ptr", "i32", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
    /** `int *__errno_location(void)`, on glibc and musl alike. */
    __errno_location: { args: [], returns: "ptr" },
  }).symbols;

type Libc = ReturnType<typeof load>;

const open = (): Libc => {
  let reason: unknown;
  for (const name of LIBC_NAMES) {
    try {
      return load(name);
    } catch (error) {
      reason = error;
    }
  }
  throw new Error(`no C library found as ${LIBC_NAMES.join(", ")}`, { cause: reason });
};

let symbols: Libc | undefined;

/** Opened at the first call, so that what never launches never pays for it. */
export const libc = (): Libc => {
  symbols ??= open();
  return symbols;
};

/** The errno of the call before, of this thread. */
export const lastErrno = (): number => read.i32(libc().__errno_location() as Pointer, 0);

type Words = readonly number[];

/** The result, or the negative errno: the kernel's own convention. Pointers are numbers, from `ptr()` of memory that is still referenced. */
export const tryCall = (name: SyscallName, ...[a = 0, b = 0, c = 0, d = 0, e = 0, f = 0]: Words): number => {
  const result = Number(libc().syscall(syscallNumber(name, arch), a, b, c, d, e, f));
  return result === -1 ? -lastErrno() : result;
};

/** A call of the supervisor's own that failed: `open_tree("/data")` and the errno. */
export class CallError extends Error {
  readonly sentence: string;
  readonly errno: number;

  constructor(sentence: string, errno: number) {
    super(`${sentence}: errno ${errno}`);
    this.sentence = sentence;
    this.errno = errno;
  }
}

/** @throws CallError in the words of `sentence` */
export const mustCall = (sentence: string, name: SyscallName, ...args: Words): number => {
  const result = tryCall(name, ...args);
  if (result < 0) throw new CallError(sentence, -result);
  return result;
};
