/**
 * Plans without plugins, and what becomes of their parts as text.
 * @module
 */
import type { Contribution, Root } from "../../src/api.ts";
import type { Op } from "../../src/ir/op.ts";
import { printOp } from "../../src/ir/print.ts";
import { mergePlan } from "../../src/plan/merge.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { ANN } from "./plan.ts";

export const OWN_ROOT: Root = { type: "tmpfs", sizeBytes: 4096, inodes: 8 };
export const USERS_ROOT: Root = { type: "directory", source: "/srv/root", readOnly: false };

export const mergedPlan = (root: Root, ...contributions: readonly Contribution[]): Plan =>
  mergePlan({
    command: ["true"],
    contributions: [
      { kind: "identity", identity: ANN } as const,
      { kind: "root", root } as const,
      ...contributions,
    ].map((one) => ({ ...one, plugin: "test" })),
    supervisedBy: [],
  });

/** One operation a line; the long names of flags are shortened. */
export const listing = (ops: readonly Op[]): string =>
  ops
    .map((op) => (op.kind === "label" ? printOp(op) : `  ${printOp(op)}`))
    .join("\n")
    .replaceAll("{O_PATH, RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS|RESOLVE_NO_MAGICLINKS}", "HOW")
    .replaceAll("MOVE_MOUNT_F_EMPTY_PATH", "F_EMPTY")
    .replaceAll("MOVE_MOUNT_T_EMPTY_PATH", "T_EMPTY");
