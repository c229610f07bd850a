/**
 * Landlock: a second layer around files, signals and sockets, held by the kernel for the payload and all that it starts.
 *
 * The rules for files follow from the mounts of all plugins, so that this one only says how strongly they are wanted. The restriction
 * is set by the process that becomes the payload; init is outside of it, and out of reach of the payload's signals.
 *
 * Errors the launcher can report from here:
 * - `EOPNOTSUPP`: a feature is required, and the kernel lacks it.
 * - `E2BIG` of landlock_restrict_self(2): 16 domains around us already.
 * - `ENOENT` of openat2(2): a mount point vanished from a directory that others may write to.
 *
 * @see https://man7.org/linux/man-pages/man7/landlock.7.html
 * @module
 */
import {
  definePlugin,
  LANDLOCK_DEFAULT_LEVELS,
  LANDLOCK_FEATURES,
  type LandlockFeature,
  type LandlockLevel,
  type LandlockLevels,
  landlock,
  note,
  refuse,
  tcpPorts,
} from "../../src/api.ts";
import { type Config, config, flags } from "./config.ts";

/** The level of all says nothing stronger of `unix`, which few kernels have. */
const levelFromAll = (feature: LandlockFeature, all: LandlockLevel | undefined): LandlockLevel => {
  if (all === undefined) return LANDLOCK_DEFAULT_LEVELS[feature];
  return feature === "unix" && all !== "off" ? LANDLOCK_DEFAULT_LEVELS.unix : all;
};

const levelsOf = (section: Config): LandlockLevels => {
  const level = (feature: LandlockFeature): LandlockLevel => section[feature] ?? levelFromAll(feature, section.level);
  const fs = level("fs");
  const unix = fs === "off" ? "off" : level("unix");
  return { fs, tcp: level("tcp"), signal: level("signal"), abstract: level("abstract"), unix };
};

const contradiction = (message: string, hint: string): never =>
  refuse({ code: "E_LANDLOCK_CONFIG", message: `landlock: ${message}`, hint });

/** What asks for something, and takes away what it rests on. */
const checkSense = (section: Config, levels: LandlockLevels): void => {
  const isPortAsked = section.tcpConnect !== undefined || section.tcpBind !== undefined;
  if (isPortAsked && levels.tcp === "off")
    contradiction("tcp ports are given, and tcp is off", "leave --tcp-connect and --tcp-bind out, or tcp=off");
  if (section.unix !== undefined && section.unix !== "off" && levels.fs === "off")
    contradiction(`unix is ${section.unix}, and fs is off`, "sockets are files: unix needs fs");
  if (section.log && LANDLOCK_FEATURES.every((feature) => levels[feature] === "off"))
    contradiction("nothing is in force, so that nothing can be logged", "leave --landlock-log out");
};

export default definePlugin<Config>({
  name: "landlock",
  summary: "Landlock: files as mounts allow them, no signals and no connections out of the sandbox",
  config,
  flags,

  *plan(section) {
    const levels = levelsOf(section);
    checkSense(section, levels);
    yield landlock({ levels, log: section.log ?? false });
    if (section.tcpConnect) yield tcpPorts("connect", section.tcpConnect);
    if (section.tcpBind) yield tcpPorts("bind", section.tcpBind);
    if (levels.fs === "off" && levels.signal === "off" && levels.abstract === "off")
      yield note("--landlock off: mounts and namespaces hold the sandbox, with no second layer.");
  },
});
