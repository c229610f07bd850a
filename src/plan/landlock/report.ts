/**
 * What of Landlock is in force on a kernel and what is missing, feature by feature: for `bunker explain`, and for machines.
 * @module
 */
import { CAPABILITIES } from "../../linux/capability.ts";
import { errnoName, errnos } from "../../linux/errno.ts";
import { accessNames, linuxOf } from "../../linux/landlock.ts";
import type { Plan } from "../plan.ts";
import { restrictionOn } from "./handled.ts";
import {
  FS_ABI_MIN,
  FULL_ABI,
  isAskedFor,
  LANDLOCK_FEATURES,
  type Landlock,
  type LandlockFeature,
  type LandlockLevel,
} from "./policy.ts";
import { heldByMountAlone, rulesOf } from "./rules.ts";

export type LandlockState = "in force" | "in part" | "missing" | "off" | "not asked for" | "depends on the kernel";

export interface FeatureReport {
  readonly feature: LandlockFeature;
  readonly level: LandlockLevel;
  readonly state: LandlockState;
  /** The ABI, and the release, that have all of it. */
  readonly needs: { readonly abi: number; readonly linux: string };
  readonly text: string;
}

const stateOf = (landlock: Landlock, feature: LandlockFeature, abi: number | undefined): LandlockState => {
  if (landlock.levels[feature] === "off") return "off";
  if (!isAskedFor(landlock, feature)) return "not asked for";
  if (abi === undefined) return "depends on the kernel";
  if (abi >= FULL_ABI[feature]) return "in force";
  return feature === "fs" && abi >= FS_ABI_MIN ? "in part" : "missing";
};

const portsText = ({ tcp }: Landlock): string =>
  (["connect", "bind"] as const)
    .flatMap((action) => {
      const ports = tcp[action];
      return ports === undefined ? [] : [`${action} to ${ports.length === 0 ? "no port" : ports.join(", ")}`];
    })
    .join("; ");

const filesText = (plan: Plan): string => {
  const alone = heldByMountAlone(plan);
  const mounts = plan.capabilities.numbers.includes(CAPABILITIES.indexOf("SYS_ADMIN"));
  return [
    `what the mounts allow, in ${rulesOf(plan).length} rules`,
    ...(alone.length === 0 ? [] : [`held by the mount alone: ${alone.join(", ")}`]),
    ...(mounts ? ["nothing can be mounted, CAP_SYS_ADMIN or not"] : []),
  ].join("; ");
};

/** What it is about, where it is in force. */
const subject = (plan: Plan, landlock: Landlock): Readonly<Record<LandlockFeature, string>> => ({
  fs: filesText(plan),
  tcp: portsText(landlock),
  signal: "none leaves the sandbox",
  abstract: "no connection to an abstract socket outside",
  unix: "sockets of processes outside only where a mount is writable",
});

const lacking = (landlock: Landlock, abi: number): string => {
  const missing = restrictionOn(landlock, FULL_ABI.fs).fs & ~restrictionOn(landlock, abi).fs;
  return `without ${accessNames(missing).join(", ")}`;
};

const textOf = (plan: Plan, landlock: Landlock, feature: LandlockFeature, abi: number | undefined): string => {
  const state = stateOf(landlock, feature, abi);
  const needs = `needs ABI ${FULL_ABI[feature]}, of Linux ${linuxOf(FULL_ABI[feature])}`;
  const stops = landlock.levels[feature] === "required" ? "; it is required: the sandbox does not start" : "";
  const about = subject(plan, landlock)[feature];
  switch (state) {
    case "in force":
      return about;
    case "in part":
      return `${about}; ${lacking(landlock, abi ?? 0)}: ${needs}${stops}`;
    case "missing":
      return `${needs}${stops}`;
    case "depends on the kernel":
      return `${about}; ${needs}`;
    case "not asked for":
      return feature === "tcp" ? "every port" : "";
    case "off":
      return "";
  }
};

/** `abi`: of the kernel in question; not above 0 where it has no Landlock, undefined where it is not known. */
export const reportLandlock = (plan: Plan, abi: number | undefined): readonly FeatureReport[] => {
  const { landlock } = plan;
  if (landlock === undefined) return [];
  return LANDLOCK_FEATURES.map((feature) => ({
    feature,
    level: landlock.levels[feature],
    state: stateOf(landlock, feature, abi),
    needs: { abi: FULL_ABI[feature], linux: linuxOf(FULL_ABI[feature]) },
    text: textOf(plan, landlock, feature, abi),
  }));
};

/** The same for machines, with the rules for files. */
export const landlockToJson = (plan: Plan, abi: number | undefined): Record<string, unknown> | undefined => {
  const { landlock } = plan;
  if (landlock === undefined) return undefined;
  return {
    plugin: landlock.plugin,
    abi: abi === undefined ? null : Math.max(abi, 0),
    features: reportLandlock(plan, abi),
    paths: (isAskedFor(landlock, "fs") ? rulesOf(plan) : []).map(({ path, rights }) => ({
      path,
      rights: accessNames(rights),
    })),
    tcp: landlock.tcp,
    log: landlock.log,
  };
};

const { ENOSYS, EOPNOTSUPP } = errnos;

/** `ABI 7`, or why there is none: `abi` is the negative errno then. */
export const kernelText = (abi: number | undefined): string => {
  if (abi === undefined) return "where the kernel has it";
  if (abi > 0) return `ABI ${abi} here`;
  if (abi === -ENOSYS) return "not built into this kernel";
  return abi === -EOPNOTSUPP ? "not enabled in this kernel: lsm=landlock,… at boot" : `none here: ${errnoName(-abi)}`;
};
