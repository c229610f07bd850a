/**
 * The status pipe as the supervisor reads it.
 * @module
 */
import { ptr } from "bun:ffi";
import { RECORD, RECORD_KINDS } from "../launcher/layout.ts";
import { errnos } from "../linux/errno.ts";
import type { OwnedFd } from "./fd.ts";
import { CallError, tryCall } from "./libc.ts";

/** Of the payload and everything that it waited for. */
export interface Usage {
  readonly userTimeMs: number;
  readonly systemTimeMs: number;
  readonly memoryMaxBytes: number;
}

export type StatusRecord =
  | { readonly kind: "failed"; readonly op: number; readonly errno: number }
  | { readonly kind: "ready" }
  | { readonly kind: "started" }
  | { readonly kind: "exited"; readonly waitStatus: number; readonly usage: Usage }
  | { readonly kind: "stopped"; readonly waitStatus: number };

/** `struct rusage`: two `struct timeval` of 16 bytes, then longs; `ru_maxrss` is in KiB (getrusage(2)). */
const decodeUsage = (view: DataView, at: number): Usage => {
  const timeMs = (offset: number): number =>
    Number(view.getBigInt64(at + offset, true)) * 1000 + Number(view.getBigInt64(at + offset + 8, true)) / 1000;
  return {
    userTimeMs: timeMs(0),
    systemTimeMs: timeMs(16),
    memoryMaxBytes: Number(view.getBigInt64(at + 32, true)) * 1024,
  };
};

/** @throws for bytes that no launcher wrote */
export const decodeRecord = (bytes: Uint8Array): StatusRecord => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [kind, first, second] = [0, 4, 8].map((offset) => view.getUint32(offset, true)) as [number, number, number];
  switch (kind) {
    case RECORD_KINDS.failed:
      return { kind: "failed", op: first, errno: second };
    case RECORD_KINDS.ready:
      return { kind: "ready" };
    case RECORD_KINDS.started:
      return { kind: "started" };
    case RECORD_KINDS.exited:
      return { kind: "exited", waitStatus: first, usage: decodeUsage(view, RECORD.rusageOffsetBytes) };
    case RECORD_KINDS.stopped:
      return { kind: "stopped", waitStatus: first };
    default:
      throw new Error(`unknown status record ${kind}`);
  }
};

/** Waits, with the whole thread, for the next record; undefined at the end of the pipe. Records arrive whole: PIPE_BUF is larger. */
export const readRecord = (status: OwnedFd): StatusRecord | undefined => {
  const bytes = new Uint8Array(RECORD.sizeBytes);
  for (;;) {
    const count = tryCall("read", status.number, ptr(bytes), bytes.length);
    if (count === -errnos.EINTR) continue;
    if (count < 0) throw new CallError("read(status pipe)", -count);
    return count === 0 ? undefined : decodeRecord(bytes);
  }
};

/** The same without blocking the event loop: a stream of records until the pipe is at its end. */
export async function* streamRecords(status: OwnedFd): AsyncGenerator<StatusRecord> {
  let rest = new Uint8Array(0);
  for await (const chunk of Bun.file(status.number).stream()) {
    rest = Uint8Array.from([...rest, ...chunk]);
    for (; rest.length >= RECORD.sizeBytes; rest = rest.slice(RECORD.sizeBytes)) {
      yield decodeRecord(rest.subarray(0, RECORD.sizeBytes));
    }
  }
}
