/**
 * Constructors for operands and for every operation that is not a system call (those are in calls.ts).
 * @module
 */
import type {
  Arithmetic,
  Buffer,
  Bytes,
  Comparison,
  Constant,
  Op,
  Operand,
  Origin,
  Slot,
  SlotAddress,
  Static,
  Text,
  Vector,
  Width,
} from "./op.ts";

export const slot = (name: string): Slot => ({ kind: "slot", name });
export const addressOf = (of: Slot): SlotAddress => ({ kind: "slotAddress", slot: of.name });
export const text = (value: string): Text => ({ kind: "text", text: value });
export const bytes = (value: Uint8Array, shown?: string): Bytes =>
  shown === undefined ? { kind: "bytes", bytes: value } : { kind: "bytes", bytes: value, shown };
export const vector = (...items: readonly Static[]): Vector => ({ kind: "vector", items });
export const buffer = (name: string, sizeBytes: number): Buffer => ({ kind: "buffer", name, sizeBytes });
export const constant = (value: number | bigint, shown: string): Constant => ({
  kind: "constant",
  value: BigInt(value),
  text: shown,
});

/** Joins named bits: `flags({ MS_NOSUID: 2, MS_NODEV: 4 })` is 6, shown as `MS_NOSUID|MS_NODEV`. */
export const flags = (bits: Readonly<Record<string, number | bigint>>): Constant =>
  constant(
    Object.values(bits).reduce<bigint>((all, bit) => all | BigInt(bit), 0n),
    Object.keys(bits).join("|") || "0",
  );

export const set = (into: Slot, value: Operand): Op => ({ kind: "set", into, value });
export const label = (name: string): Op => ({ kind: "label", name });
export const jump = (to: string): Op => ({ kind: "jump", to });

/** `if (left comparison right) goto to`. */
export const branch = (left: Operand, comparison: Comparison, right: Operand, to: string): Op => ({
  kind: "branch",
  left,
  comparison,
  right,
  to,
});

/** `into = left operation right`. */
export const compute = (into: Slot, left: Operand, operation: Arithmetic, right: Operand): Op => ({
  kind: "compute",
  operation,
  into,
  left,
  right,
});

/** Reads an unsigned value of `width` bytes at `base + offsetBytes`. */
export const load = (into: Slot, base: Operand, offsetBytes: number, width: Width, signed = false): Op => ({
  kind: "load",
  into,
  base,
  offsetBytes,
  width,
  signed,
});

/** Writes the low `width` bytes of `value` at `base + offsetBytes`. */
export const store = (base: Operand, offsetBytes: number, width: Width, value: Operand): Op => ({
  kind: "store",
  base,
  offsetBytes,
  width,
  value,
});

export const resume = (): Op => ({ kind: "resume" });

/** Gives up with an errno, in the words of `origin`. */
export const fail = (errno: Operand, origin: Origin): Op => ({ kind: "fail", errno, origin });
