/**
 * /sys, on request: the kernel's devices and settings to look at. Scripts do without, and it tells much about the host.
 *
 * With a network namespace of its own a new sysfs, which shows the network devices of that namespace; with the host's the host's own,
 * since the kernel allows a new one only to the owner of the network namespace.
 *
 * Errors the launcher can report from here:
 * - `EPERM`: in a nested container, where no full sysfs is in view (mount_too_revealing in fs/namespace.c).
 *
 * @see https://man7.org/linux/man-pages/man5/sysfs.5.html
 * @module
 */
import * as v from "valibot";
import { cover, definePlugin, entry, type Host } from "../src/api.ts";
import { toggle } from "./flag.ts";

const target = "/sys";
const CPUS = `${target}/devices/system/cpu`;

const config = v.strictObject({
  show: v.optional(v.pipe(v.boolean(), v.description("Show /sys, read-only. Default: there is none."))),
});

/** `cpus` is filled by `resolve`. */
type Config = v.InferOutput<typeof config> & { readonly cpus?: readonly string[] };

/** The lists of the OCI runtimes (moby/profiles), and what is for administrators alone. */
const HIDDEN = [
  "devices/virtual/powercap",
  "firmware",
  "fs/bpf",
  "fs/cgroup",
  "fs/pstore",
  "fs/selinux",
  "kernel/debug",
  "kernel/security",
  "kernel/slab",
  "kernel/tracing",
  "module",
].map((name) => `${target}/${name}`);

/** How often a CPU was too hot is a side channel (GHSA-6fw5-f8r9-fgfm). */
const throttles = (cpus: readonly string[]): readonly string[] => cpus.map((cpu) => `${CPUS}/${cpu}/thermal_throttle`);

/** More than any kernel is built for (NR_CPUS). */
const CPUS_MAX = 8192;
const TEXT_BYTES_MAX = 4096;

/** `0-3,8`: the list format of Documentation/admin-guide/kernel-parameters.rst. */
export const parseCpus = (list: string): readonly number[] =>
  list
    .trim()
    .split(",")
    .filter((part) => /^\d+(-\d+)?$/.test(part))
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: Math.max(0, Math.min(last, CPUS_MAX - 1) - first + 1) }, (_, index) => first + index);
    });

/** All that there may ever be: what is not there is left out by the launcher. */
const cpusOf = (host: Host): readonly string[] =>
  parseCpus(host.readText(`${CPUS}/possible`, TEXT_BYTES_MAX) ?? "").map((number) => `cpu${number}`);

export default definePlugin<Config>({
  name: "sysfs",
  summary: "/sys, read-only, on request",
  after: ["network"],
  config,
  flags: { sysfs: toggle<Config>("show", true, "Show /sys, read-only") },

  resolve: (section, host) => (section.show ? { ...section, cpus: cpusOf(host) } : section),

  *plan({ show = false, cpus = [] }, ctx) {
    if (!show) return;
    if (ctx.has("net")) yield entry({ target, type: "filesystem", filesystem: "sysfs", options: "" });
    else yield entry({ target, type: "bind", source: target, node: "directory", readOnly: true });
    for (const path of [...HIDDEN, ...throttles(cpus)])
      yield cover({ target: path, how: "hidden", node: "directory", optional: true });
  },
});
