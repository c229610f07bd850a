/**
 * The end of the supervisor: it executes the monitor in its own place.
 *
 * The process stays the sandbox's parent and keeps its pid, its terminal and its place in the caller's job; a JavaScript
 * runtime becomes a few pages.
 * @module
 */

import { ptr } from "bun:ffi";
import { MONITOR_FDS } from "../launcher/monitor.ts";
import { AT_EMPTY_PATH } from "../linux/file.ts";
import { SIG_SETMASK, SIGNAL_SET_BYTES } from "../linux/process.ts";
import { cString, type OwnedFd } from "./fd.ts";
import type { Launched } from "./launch.ts";
import { arch, mustCall, tryCall } from "./libc.ts";
import { executableOf } from "./memfd.ts";
import { PREBUILT } from "./prebuilt.ts";

const ALL_SIGNALS = new Uint8Array(SIGNAL_SET_BYTES).fill(0xff);

const pointers = (texts: readonly Uint8Array[]): BigUint64Array =>
  new BigUint64Array([...texts.map((text) => BigInt(ptr(text))), 0n]);

/** The monitor's executable: made while the launcher works, and thrown away where that fails. */
export const openMonitor = (): OwnedFd => executableOf(PREBUILT[arch].monitor()).raise(MONITOR_FDS.above);

/**
 * Does not come back. Its arguments stay, so that ps(1) shows what was asked for; its environment is gone.
 * @throws CallError when the monitor cannot be executed; the sandbox still runs then
 */
export const becomeMonitor = (launched: Launched, image: OwnedFd, args: readonly string[]): never => {
  const texts = args.map(cString);
  const argv = pointers(texts);
  const empty = new Uint8Array(8);
  const { status, lifeline, pidfd, lock } = launched;
  const own = [status, lifeline, pidfd].map((fd, index) => ({ fd, to: MONITOR_FDS.status + index }));
  const held = [...own, ...(lock ? [{ fd: lock, to: MONITOR_FDS.ids }] : []), ...launched.giveRelayEnds()];
  const places = held.map(({ fd, to }) => ({ fd: fd.raise(MONITOR_FDS.above).number, to }));
  // From here to the monitor's signalfd no signal is lost: what arrives stays pending through the exec.
  mustCall("rt_sigprocmask()", "rt_sigprocmask", SIG_SETMASK, ptr(ALL_SIGNALS), 0, SIGNAL_SET_BYTES);
  // This takes numbers away from the runtime, which has no use for them any more: there is no way back.
  // A number that stays closed is a stream that needs no relay, or a lock that there is not.
  tryCall("close_range", MONITOR_FDS.stdin, MONITOR_FDS.ids, 0);
  for (const { fd, to } of places) mustCall("dup3()", "dup3", fd, to, 0);
  mustCall("execveat(monitor)", "execveat", image.number, ptr(empty), ptr(argv), ptr(pointers([])), AT_EMPTY_PATH);
  throw new Error("execveat came back without an error");
};
