/**
 * How a process ended.
 * @module
 */
import { ptr } from "bun:ffi";
import { errnos } from "../linux/errno.ts";
import { EXIT } from "../linux/process.ts";
import { CallError, tryCall } from "./libc.ts";

export interface Ended {
  /** As a shell has it: 128 + n for signal n. */
  readonly exitCode: number;
  readonly signal: number | undefined;
}

/** `status` as wait(2) describes it: the signal in the low seven bits, the exit status in the byte above. */
export const endedFrom = (status: number): Ended => {
  const signal = status & 0x7f;
  return signal === 0
    ? { exitCode: (status >> 8) & 0xff, signal: undefined }
    : { exitCode: EXIT.signalBase + signal, signal };
};

/** Waits until a child is gone, with everything in its PID namespace, and forgets it. */
export const waitForEnd = (pid: number): Ended => {
  const status = new Int32Array(1);
  for (;;) {
    const result = tryCall("wait4", pid, ptr(status), 0, 0);
    if (result === pid) return endedFrom(status[0] as number);
    if (result !== -errnos.EINTR) throw new CallError(`wait4(${pid})`, -result);
  }
};
