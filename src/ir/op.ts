/**
 * The operations of a launcher program: system calls, and the little arithmetic and branching between them.
 *
 * An operation is plain frozen data. Nothing here knows an instruction set, and nothing here has effects.
 * @module
 */
import type { ErrnoName } from "../linux/errno.ts";
import type { SyscallName } from "../linux/syscalls.ts";

/** A 64-bit variable of the running program, zero at its start. */
export interface Slot {
  readonly kind: "slot";
  readonly name: string;
}

/** The address of a slot, for calls that write a result or read a small structure. */
export interface SlotAddress {
  readonly kind: "slotAddress";
  readonly slot: string;
}

/** An immediate with the name that people know it by: `{ value: 2, text: "MS_NOSUID" }`. */
export interface Constant {
  readonly kind: "constant";
  readonly value: bigint;
  readonly text: string;
}

/** The address of a read-only, NUL-terminated UTF-8 string. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
}

/** The address of read-only bytes, aligned to 8. `shown` is how listings print them. */
export interface Bytes {
  readonly kind: "bytes";
  readonly bytes: Uint8Array;
  readonly shown?: string;
}

/** The address of an array of read-only 64-bit words. A closing NULL is an explicit 0. */
export interface Vector {
  readonly kind: "vector";
  readonly items: readonly Static[];
}

/** The address of writable zeroed memory, aligned to 16; the same name is the same memory. */
export interface Buffer {
  readonly kind: "buffer";
  readonly name: string;
  readonly sizeBytes: number;
}

/** A value that is known when the program is assembled. */
export type Static = number | bigint | Constant | Text | Bytes | Vector | Buffer | SlotAddress;

export type Operand = Static | Slot;

/** Who asked for an operation, and in which words people should hear of it. */
export interface Origin {
  readonly plugin: string;
  readonly phase: string;
  /** The call with its arguments as people read it: `move_mount("/usr" → "usr")`. */
  readonly sentence: string;
}

/** What to do when a system call returns an errno. Errnos that are not named always fail. */
export type OnErrno =
  | { readonly kind: "fail" }
  /** Go on as if the call had returned; `into` holds the negative errno. An empty list means every errno. */
  | { readonly kind: "ignore"; readonly errnos: readonly ErrnoName[] }
  /** Jump, with `into` set to the negative errno. An empty list means every errno. */
  | { readonly kind: "branch"; readonly errnos: readonly ErrnoName[]; readonly to: string };

export interface SyscallOp {
  readonly kind: "syscall";
  readonly name: SyscallName;
  /** At most six. */
  readonly args: readonly Operand[];
  readonly into?: Slot;
  readonly onErrno: OnErrno;
  readonly origin?: Origin;
}

export type Arithmetic = "add" | "subtract" | "and" | "or" | "shiftLeft" | "shiftRight" | "divide" | "remainder";

/** Signed comparisons of 64-bit values. */
export type Comparison = "equal" | "notEqual" | "less" | "greaterOrEqual" | "greater" | "lessOrEqual";

export type Width = 1 | 2 | 4 | 8;

export type Op =
  | SyscallOp
  | { readonly kind: "set"; readonly into: Slot; readonly value: Operand }
  /** Unsigned, modulo 2^64. Shift counts and divisors are never zero-checked: use constants. */
  | {
      readonly kind: "compute";
      readonly operation: Arithmetic;
      readonly into: Slot;
      readonly left: Operand;
      readonly right: Operand;
    }
  /** `into = *(base + offsetBytes)`, zero-extended, or sign-extended where `signed`. */
  | {
      readonly kind: "load";
      readonly into: Slot;
      readonly base: Operand;
      readonly offsetBytes: number;
      readonly width: Width;
      readonly signed: boolean;
    }
  /** `*(base + offsetBytes) = value`, truncated to `width`. */
  | {
      readonly kind: "store";
      readonly base: Operand;
      readonly offsetBytes: number;
      readonly width: Width;
      readonly value: Operand;
    }
  | { readonly kind: "label"; readonly name: string }
  | { readonly kind: "jump"; readonly to: string }
  | {
      readonly kind: "branch";
      readonly left: Operand;
      readonly comparison: Comparison;
      readonly right: Operand;
      readonly to: string;
    }
  /** Goes on with the program in whose front this one stands, as if nothing had been: only in a front. */
  | { readonly kind: "resume" }
  /** Fails as a system call of this origin would that returned `errno`, a positive number. */
  | { readonly kind: "fail"; readonly errno: Operand; readonly origin: Origin };
