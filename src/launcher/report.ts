/**
 * How the launcher and init speak to the supervisor: records on the status pipe (layout.ts).
 * @module
 */
import { buffer, compute, slot, store } from "../ir/build.ts";
import { ignoring, write } from "../ir/calls.ts";
import type { Op, Operand } from "../ir/op.ts";
import { RECORD, RECORD_KINDS } from "./layout.ts";

/** The writing end of the status pipe. */
export const statusFd = slot("status");

const record = buffer("record", RECORD.sizeBytes);
const usage = slot("usage");

/** Address of the `struct rusage` in the record, for wait4(2) to fill. */
export const usageInRecord = (): { readonly ops: readonly Op[]; readonly address: Operand } => ({
  ops: [compute(usage, record, "add", RECORD.rusageOffsetBytes)],
  address: usage,
});

/** A supervisor that is gone is not an error here: the lifeline tells, and ends everything. */
export const report = (kind: keyof typeof RECORD_KINDS, first: Operand = 0, second: Operand = 0): readonly Op[] => [
  store(record, 0, 4, RECORD_KINDS[kind]),
  store(record, 4, 4, first),
  store(record, 8, 4, second),
  ignoring(write(statusFd, record, RECORD.sizeBytes)),
];
