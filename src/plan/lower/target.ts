/**
 * What a plan is lowered for, and the one place that stamps operations with their origin.
 * @module
 */

import type { Op, SyscallOp } from "../../ir/op.ts";
import { printOp } from "../../ir/print.ts";
import type { Phase } from "../phase.ts";

/**
 * - `launch`: the supervisor clones and gives the descriptors their places (launcher/layout.ts).
 * - `standalone`: an executable that clones by itself and stays as the monitor. It serves whoever runs it: root or not is
 *   decided when it starts.
 */
export type Target =
  | {
      readonly kind: "launch";
      /** The caller's effective ids. */
      readonly caller: { readonly uid: number; readonly gid: number };
      /** Standard input is a terminal. */
      readonly terminal: boolean;
      /** `RLIMIT_NOFILE` that the payload gets: the soft limit that the caller had before its runtime raised it. */
      readonly nofile?: { readonly soft: number; readonly hard: number };
      /** What is written to overlays is handed to the supervisor, by a socket (launch/written.ts). */
      readonly tellWritten?: boolean;
    }
  | { readonly kind: "standalone" };

/** Names the plugin and the phase behind each system call; a call that has no sentence of its own is its own sentence. */
export const stamp = (plugin: string, phase: Phase, ops: readonly Op[]): readonly Op[] =>
  ops.map((op) => {
    if (op.kind !== "syscall" || op.origin?.plugin) return op;
    return { ...op, origin: { plugin, phase, sentence: op.origin?.sentence ?? sentenceOf(op) } };
  });

const sentenceOf = ({ into: _, ...op }: SyscallOp): string => printOp({ ...op, onErrno: { kind: "fail" } });
