/**
 * Ids that are given out when a sandbox starts: a range of its own, or maps that were decided before.
 *
 * gid_map before uid_map, as for one id: who maps uids away first may lose the right over the rest.
 * @module
 */
import { type Extent, printMap } from "../linux/idmap.ts";
import { ID_RANGE_IDS } from "../linux/idpool.ts";
import type { Host } from "../plugin/host.ts";
import { writeProcFile } from "./fd.ts";
import { mapThroughHelper } from "./id-helper.ts";
import { takeRange } from "./id-range.ts";
import type { IdClaim } from "./launch.ts";
import type { Prepared } from "./prepared.ts";

type Maps = Readonly<Record<"uid" | "gid", readonly Extent[]>>;

const write = (pid: number, maps: Maps): void => {
  for (const which of ["gid", "uid"] as const) writeProcFile(`/proc/${pid}/${which}_map`, printMap(maps[which]));
};

const claimRange = (host: Host): IdClaim => {
  const { base, lock } = takeRange(host);
  const extents = [{ inside: 0, outside: base, count: ID_RANGE_IDS }];
  return { lock, asCaller: false, map: (pid) => write(pid, { uid: extents, gid: extents }) };
};

/** @throws BunkerError where there is no range, or none that can be locked */
export const claimIds = (maps: NonNullable<Prepared["maps"]>, host: Host): IdClaim => {
  if (maps === "range") return claimRange(host);
  const { helpers } = maps;
  if (helpers === undefined) return { lock: undefined, asCaller: false, map: (pid) => write(pid, maps) };
  return {
    lock: undefined,
    asCaller: true,
    map(pid) {
      for (const which of ["gid", "uid"] as const) mapThroughHelper(helpers[which], pid, maps[which], host);
    },
  };
};
