/**
 * A sandbox that nothing outside has to work for: once it runs, this process becomes its monitor.
 * @module
 */
import { becomeMonitor, openMonitor } from "./become-monitor.ts";
import { readRecord } from "./channel.ts";
import { type IdClaim, launch } from "./launch.ts";
import type { Prepared } from "./prepared.ts";
import { waitForEnd } from "./wait.ts";

/** Why there is no payload. */
export type NotStarted =
  | { readonly kind: "failed"; readonly op: number; readonly errno: number }
  | { readonly kind: "died"; readonly signal: number | undefined };

/**
 * Does not come back where the payload runs.
 * @throws CallError of this process's own calls; nothing is left behind then, nor with a returned failure
 */
export const runPrepared = (prepared: Prepared, onStarted: () => void = () => {}, claim?: IdClaim): NotStarted => {
  const launched = launch(prepared, claim);
  launched.release();
  using monitor = openMonitor();
  const first = readRecord(launched.status);
  if (first?.kind === "failed") {
    waitForEnd(launched.pid);
    launched[Symbol.dispose]();
    return first;
  }
  if (first === undefined && prepared.init) return { kind: "died", signal: waitForEnd(launched.pid).signal };
  onStarted();
  return becomeMonitor(launched, monitor, ["bunker", ...process.argv.slice(2)]);
};
