/**
 * What a plan says of Landlock: which features it wants, and how strongly.
 *
 * Why the lack of one is no error by default, where Bunker fails closed otherwise: Landlock is a second layer. What the plan promises
 * of the file system is held by its mounts, and namespaces keep sockets and signals in; on a kernel without Landlock the same
 * promises are held once instead of twice, and `bunker explain` says so. The one promise that Landlock alone holds is a list of TCP
 * ports, so that a lack of that one is an error. A level is the name of the degradation: `--landlock tcp=best-effort` allows it, as
 * `--landlock required` forbids all.
 * @module
 */
import { linuxOf } from "../../linux/landlock.ts";

export const LANDLOCK_FEATURES = ["fs", "tcp", "signal", "abstract", "unix"] as const;

/**
 * - `fs`: files, as the mounts of the plan allow them.
 * - `tcp`: connect(2) and bind(2), by ports.
 * - `signal`: no signal leaves the sandbox.
 * - `abstract`: no connection to an abstract socket of a process outside.
 * - `unix`: connections to other sockets of processes outside only where their mount is writable.
 */
export type LandlockFeature = (typeof LANDLOCK_FEATURES)[number];

export const LANDLOCK_LEVELS = ["required", "preferred", "best-effort", "off"] as const;

/**
 * - `required`: the sandbox does not start on a kernel that lacks it, or a part of it.
 * - `preferred`: there it starts with what there is, and says so on standard error.
 * - `best-effort`: there it starts with what there is.
 */
export type LandlockLevel = (typeof LANDLOCK_LEVELS)[number];

export type LandlockLevels = Readonly<Record<LandlockFeature, LandlockLevel>>;

export const DEFAULT_LEVELS: LandlockLevels = {
  fs: "best-effort",
  tcp: "required",
  signal: "best-effort",
  abstract: "best-effort",
  unix: "best-effort",
};

/** The first ABI that has all of a feature. */
export const FULL_ABI: Readonly<Record<LandlockFeature, number>> = { fs: 5, tcp: 4, signal: 6, abstract: 6, unix: 9 };

/** Denials of what the payload executes are logged since this ABI. */
export const LOG_ABI = 7;

/**
 * Rules for files begin here. Before it, no rule can allow to rename or link from one directory to another: everything would be
 * denied that, and programs break.
 */
export const FS_ABI_MIN = 2;

export interface LandlockPolicy {
  readonly levels: LandlockLevels;
  /** What is denied goes to the audit log of the host. */
  readonly log: boolean;
}

export type TcpAction = "connect" | "bind";

/** The ports of TCP that are left. An action without a list is not restricted. */
export type TcpPorts = Readonly<Partial<Record<TcpAction, readonly number[]>>>;

/** What a plan has of it. */
export interface Landlock extends LandlockPolicy {
  readonly tcp: TcpPorts;
}

/** Whether there is anything to do for a feature. */
export const isAskedFor = ({ levels, tcp }: Landlock, feature: LandlockFeature): boolean => {
  if (levels[feature] === "off") return false;
  if (feature === "tcp") return tcp.connect !== undefined || tcp.bind !== undefined;
  // It is a right of files too: alone it would take all renames from one directory to another away.
  return feature !== "unix" || levels.fs !== "off";
};

/** Something that a kernel must have, or should. */
export interface Need {
  readonly what: string;
  readonly abi: number;
  readonly level: "required" | "preferred";
  /** In the words of an error or a warning, where it lacks. */
  readonly sentence: string;
}

const need = (what: string, abi: number, level: Need["level"]): Need => {
  const wish = level === "required" ? "is required, but" : "is preferred, but";
  return { what, abi, level, sentence: `landlock: ${what} ${wish} needs ABI ${abi}, of Linux ${linuxOf(abi)}` };
};

/** A log that was asked for is one that somebody will look into. */
export const needsOf = (landlock: Landlock): readonly Need[] => [
  ...LANDLOCK_FEATURES.flatMap((feature) => {
    const level = landlock.levels[feature];
    const matters = isAskedFor(landlock, feature) && (level === "required" || level === "preferred");
    return matters ? [need(feature, FULL_ABI[feature], level)] : [];
  }),
  ...(landlock.log ? [need("log", LOG_ABI, "required")] : []),
];
