/**
 * Shifts the monotonic and boot-time clocks, in a time namespace that is made only when there is a shift.
 *
 * The wall clock has no namespace. Only children of the process that made the namespace are in it, and a process that is executed.
 *
 * Errors the launcher can report from here:
 * - `ERANGE`: the clock would run below zero (an offset further back than the uptime) or past half of what the kernel counts.
 * - `EINVAL`: the kernel has no time namespaces (CONFIG_TIME_NS, Linux 5.6).
 *
 * @see https://man7.org/linux/man-pages/man7/time_namespaces.7.html
 * @module
 */
import * as v from "valibot";
import { calls, definePlugin, type Flag, inside, namespace, slot, text } from "../src/api.ts";

/** `KTIME_SEC_MAX / 2` in kernel/time/namespace.c: no clock may get beyond it. */
export const OFFSET_SECONDS_MAX = 4_611_686_018;

const SYNTAX = `whole seconds from -${OFFSET_SECONDS_MAX} to ${OFFSET_SECONDS_MAX}`;

const offset = (description: string) =>
  v.optional(
    v.pipe(
      v.number(),
      v.integer(`allowed: ${SYNTAX}`),
      v.minValue(-OFFSET_SECONDS_MAX, `allowed: ${SYNTAX}`),
      v.maxValue(OFFSET_SECONDS_MAX, `allowed: ${SYNTAX}`),
      v.description(description),
    ),
  );

const config = v.strictObject({
  monotonicSeconds: offset("Added to CLOCK_MONOTONIC, in seconds."),
  boottimeSeconds: offset("Added to CLOCK_BOOTTIME, in seconds: what `uptime` shows."),
});

type Config = v.InferOutput<typeof config>;

const offsetFlag = (key: keyof Config, summary: string): Flag<Config> => ({
  value: "SECONDS",
  summary,
  apply(section, value, ctx) {
    const seconds = /^[+-]?[0-9]{1,10}$/.test(value) ? Number(value) : Number.NaN;
    return v.is(config.entries[key], seconds) ? { ...section, [key]: seconds } : ctx.refuse(value, SYNTAX);
  },
});

const TIMENS_OFFSETS = "/proc/self/timens_offsets";
const file = slot("timens_offsets");

const writeOffsets = (lines: string) => [
  calls.openat(TIMENS_OFFSETS, { O_WRONLY: 1 }, 0, file),
  calls.write(file, text(lines), Buffer.byteLength(lines)),
  calls.close(file),
];

export default definePlugin<Config>({
  name: "timens",
  summary: "Shifted monotonic and boot-time clocks",
  config,
  flags: {
    "monotonic-offset": offsetFlag("monotonicSeconds", "Shift CLOCK_MONOTONIC in an own time namespace"),
    "boottime-offset": offsetFlag("boottimeSeconds", "Shift CLOCK_BOOTTIME (uptime) in an own time namespace"),
  },

  *plan({ monotonicSeconds, boottimeSeconds }) {
    if (monotonicSeconds === undefined && boottimeSeconds === undefined) return;
    yield namespace("time");
    yield inside("time", ...writeOffsets(`monotonic ${monotonicSeconds ?? 0} 0\nboottime ${boottimeSeconds ?? 0} 0\n`));
  },
});
