/**
 * What several plugins say of Landlock → one {@link Landlock} of the plan.
 * @module
 */
import { conflict } from "../../errors.ts";
import type { From } from "../plan.ts";
import type { Landlock, LandlockPolicy, TcpAction, TcpPorts } from "./policy.ts";

export interface TcpPortsOf {
  readonly action: TcpAction;
  readonly ports: readonly number[];
}

const normalised = (ports: readonly number[]): readonly number[] => [...new Set(ports)].sort((a, b) => a - b);

/** Two plugins that restrict the same action may only agree. */
const mergePorts = (all: readonly From<TcpPortsOf>[]): TcpPorts => {
  const found = new Map<TcpAction, From<TcpPortsOf>>();
  for (const { action, ports, plugin } of all) {
    const one = { action, ports: normalised(ports), plugin };
    const other = found.get(action);
    if (other && one.ports.join() !== other.ports.join())
      throw conflict(`tcp ports to ${action}`, other.plugin, plugin);
    found.set(action, one);
  }
  return Object.fromEntries([...found].map(([action, { ports }]) => [action, ports]));
};

/** @throws BunkerError where ports are restricted and nothing is there to hold it */
export const mergeLandlock = (
  policy: From<LandlockPolicy> | undefined,
  ports: readonly From<TcpPortsOf>[],
): From<Landlock> | undefined => {
  const [first] = ports;
  if (first && (policy === undefined || policy.levels.tcp === "off"))
    throw conflict("landlock: tcp", first.plugin, policy?.plugin ?? "landlock");
  if (policy === undefined) return undefined;
  const { levels, log, plugin } = policy;
  return { levels, log, plugin, tcp: mergePorts(ports) };
};
