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

const cpusOf = (host: Host): readonly string[] =>
  (host.list(CPUS) ?? []).map(({ name }) => name).filter((name) => /^cpu\d+$/.test(name));

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
