/**
 * Ids that are given out when a sandbox starts: a range of its own, or maps that were decided before.
 *
 * gid_map before uid_map, as for one id: who maps uids away first may lose the right over the rest.
 * @module
 */
import { type Extent, printMap, toOutside } from "../linux/idmap.ts";
import { ID_RANGE_IDS } from "../linux/idpool.ts";
import type { Identity } from "../plan/contribution.ts";
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

type Payload = Pick<Identity, "uid" | "gid">;

/** The kernel's view of the payload, whose ids are mapped (plugins/userns/ranges.ts). */
const payloadIn = (maps: Maps, { uid, gid }: Payload): IdClaim["payload"] => {
  const [user, group] = [
    uid === "caller" ? undefined : toOutside(maps.uid, uid),
    gid === "caller" ? undefined : toOutside(maps.gid, gid),
  ];
  if (user === undefined || group === undefined) throw new Error("the payload's ids are not mapped");
  return { uid: user, gid: group };
};

const claimRange = (payload: Payload, host: Host): IdClaim => {
  const { base, lock } = takeRange(host);
  const extents = [{ inside: 0, outside: base, count: ID_RANGE_IDS }];
  const maps = { uid: extents, gid: extents };
  return { lock, asCaller: false, payload: payloadIn(maps, payload), map: (pid) => write(pid, maps) };
};

/** @throws BunkerError where there is no range, or none that can be locked */
export const claimIds = (maps: NonNullable<Prepared["maps"]>, payload: Payload, host: Host): IdClaim => {
  if (maps === "range") return claimRange(payload, host);
  const { helpers } = maps;
  const known = { lock: undefined, payload: payloadIn(maps, payload) };
  if (helpers === undefined) return { ...known, asCaller: false, map: (pid) => write(pid, maps) };
  return {
    ...known,
    asCaller: true,
    map(pid) {
      for (const which of ["gid", "uid"] as const) mapThroughHelper(helpers[which], pid, maps[which], host);
    },
  };
};
