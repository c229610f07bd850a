/**
 * The section `landlock` of the config, and its flags.
 * @module
 */
import * as v from "valibot";
import {
  type Flag,
  LANDLOCK_FEATURES,
  LANDLOCK_LEVELS,
  type LandlockFeature,
  type LandlockLevel,
} from "../../src/api.ts";
import { toggle } from "../flag.ts";

const level = (description: string) => v.optional(v.pipe(v.picklist(LANDLOCK_LEVELS), v.description(description)));

const PORT_MAX = 65_535;

const ports = (least: number, description: string) =>
  v.optional(
    v.pipe(
      v.array(v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(PORT_MAX))),
      v.description(description),
    ),
  );

export const config = v.strictObject({
  level: level(
    "How strongly Landlock is wanted, where a feature has no level of its own. `required`: no start on a kernel that lacks a part (of what Linux 6.12 has: `unix` is required only by its own name). `preferred`: a warning there. `best-effort`, the default: as much as the kernel has.",
  ),
  fs: level("Files: what the mounts allow and no more. In full since Linux 6.10, in part since 5.19."),
  tcp: level("`tcpConnect` and `tcpBind`, since Linux 6.7. `required` unless said otherwise: nothing else holds them."),
  signal: level("No signal leaves the sandbox. Since Linux 6.12."),
  abstract: level("No connection to an abstract socket of a process outside. Since Linux 6.12."),
  unix: level(
    "Connections to sockets of processes outside only where their mount is writable. Since Linux 7.1. Needs `fs`.",
  ),
  tcpConnect: ports(1, "The only ports that TCP connects to. An empty list: none. Absent: all."),
  tcpBind: ports(0, "The only ports that TCP is bound to; 0 is one that the kernel picks. An empty list: none."),
  log: v.optional(
    v.pipe(v.boolean(), v.description("What is denied goes to the audit log of the host. Needs Linux 6.15.")),
  ),
});

export type Config = v.InferOutput<typeof config>;

const LEVEL_SYNTAX = `a level (${LANDLOCK_LEVELS.join(", ")}), or levels of features (${LANDLOCK_FEATURES.join(", ")}) as in fs=required,signal=off`;

const isLevel = (word: string | undefined): word is LandlockLevel => LANDLOCK_LEVELS.includes(word as LandlockLevel);
const isFeature = (word: string | undefined): word is LandlockFeature =>
  LANDLOCK_FEATURES.includes(word as LandlockFeature);

/** `required`, `fs=required,signal=off`; undefined where it is neither. */
const parseLevels = (text: string): Partial<Config> | undefined => {
  const found: Partial<Record<"level" | LandlockFeature, LandlockLevel>> = {};
  for (const item of text.split(",")) {
    const [name, value, ...rest] = item.includes("=") ? item.split("=") : ["level", item];
    if (rest.length > 0 || !isLevel(value) || (name !== "level" && !isFeature(name)) || found[name]) return undefined;
    // `level=off` is no way to write it.
    if (name === "level" && item.includes("=")) return undefined;
    found[name] = value;
  }
  return found;
};

const PORT = /^(0|[1-9][0-9]{0,4})$/;
const NONE = "none";

const parsePorts = (text: string, least: number): readonly number[] | undefined => {
  if (text === NONE) return [];
  const words = text.split(",");
  const isPort = (word: string): boolean => PORT.test(word) && Number(word) >= least && Number(word) <= PORT_MAX;
  return words.every(isPort) ? words.map(Number) : undefined;
};

/** `none` beside ports says two things. */
const portsFlag = (key: "tcpConnect" | "tcpBind", least: number, summary: string): Flag<Config> => ({
  value: "PORT[,PORT…]|none",
  summary,
  apply(section, value, ctx) {
    const [before, ports] = [section[key], parsePorts(value, least)];
    const mixed = before !== undefined && (before.length === 0) !== (ports?.length === 0);
    if (ports === undefined || mixed)
      return ctx.refuse(value, `ports from ${least} to ${PORT_MAX} with commas between them, or ${NONE} alone`);
    return { ...section, [key]: [...(before ?? []), ...ports] };
  },
});

export const flags: Readonly<Record<string, Flag<Config>>> = {
  landlock: {
    value: "LEVEL|FEATURE=LEVEL[,…]",
    summary:
      "Landlock: required, preferred, best-effort (default) or off; as a whole, or fs, tcp, signal, abstract, unix",
    apply: (section, value, ctx) => ({ ...section, ...(parseLevels(value) ?? ctx.refuse(value, LEVEL_SYNTAX)) }),
  },
  "landlock-log": toggle("log", true, "Log what Landlock denies to the host's audit log"),
  "tcp-connect": portsFlag("tcpConnect", 1, "The only TCP ports to connect to (UDP is not restricted)"),
  "tcp-bind": portsFlag("tcpBind", 0, "The only TCP ports to bind to; 0: one that the kernel picks"),
};
