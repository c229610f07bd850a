/**
 * A program: operations in order, and the slots that the machine itself fills.
 * @module
 */
import type { Op, Slot } from "./op.ts";

/** Slots that generated code writes without being told to. */
export const MACHINE_SLOTS = {
  /** The stack pointer at the entry of an image: the address of argc. 0 in a routine. */
  stack: { kind: "slot", name: "stack" },
  /** Set before the jump to `onFail`: the index in `ops` of the call that failed. */
  failedOp: { kind: "slot", name: "failedOp" },
  /** Set before the jump to `onFail`: its errno, positive. */
  failedErrno: { kind: "slot", name: "failedErrno" },
} as const satisfies Record<string, Slot>;

/**
 * How slots are reached.
 * - `image`: an ELF executable of its own; slots and buffers are in its writable segment.
 * - `routine`: position-independent code that is called as `routine(block)`; slots are the words of `block`, in the order of `slots`,
 *   and neither buffers nor read-only data exist.
 * - `front`: stands in front of another executable's entry point, in the same file. It maps its writable memory by itself, and where it
 *   does not come to an end of its own, the other program starts (`resume`).
 */
export type ProgramShape = "image" | "routine" | "front";

export interface Program {
  readonly shape: ProgramShape;
  /** Of a front: the address of the entry point behind it. */
  readonly resumeAt?: number;
  readonly ops: readonly Op[];
  /** The label that a failing call jumps to, with `failedOp` and `failedErrno` set. */
  readonly onFail: string;
  /** Slots in the order of their addresses. An image orders the ones that are not listed here by first appearance. */
  readonly slots: readonly Slot[];
}
