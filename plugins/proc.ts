/**
 * /proc: a new one that shows the processes of the sandbox and no others, and not what concerns the whole host.
 *
 * Of procfs only the directories of processes are namespaced; the rest tells about the host, or changes it. What no ordinary program
 * needs is hidden, and what could be changed is read-only: the lists of the OCI runtimes (moby/profiles, runc spec) and more.
 * `subset=pid` would leave all of it out at once, and is what `--proc pid` does. It is not the default, since ordinary programs need
 * /proc/cpuinfo, meminfo, stat, uptime, loadavg, filesystems, version, mounts and sys/kernel/random (language runtimes, ps, top, df).
 * `hidepid` is not used: all processes inside belong to one payload, which may see them, and init, its only stranger, tells nothing.
 *
 * Errors the launcher can report from here:
 * - `EPERM`: in a nested container, where no full procfs is in view (mount_too_revealing in fs/namespace.c).
 *
 * @see https://man7.org/linux/man-pages/man5/proc.5.html
 * @see https://docs.kernel.org/filesystems/proc.html
 * @module
 */
import * as v from "valibot";
import { type Contribution, cover, definePlugin, entry, refuse } from "../src/api.ts";
import { choice } from "./flag.ts";

const target = "/proc";
const VIEWS = ["masked", "pid", "full"] as const;

const config = v.strictObject({
  view: v.optional(
    v.pipe(
      v.picklist(VIEWS),
      v.description(
        "What of /proc is there: `masked`, without what concerns the host (default); `pid`, processes only; `full`.",
      ),
    ),
  ),
});

type Config = v.InferOutput<typeof config>;

const HIDDEN_DIRECTORIES = ["acpi", "asound", "scsi"];

/** Interrupts and schedules are side channels (CVE-2018-10892 and the like), addresses and memory ways into the kernel. */
const HIDDEN_FILES = [
  "config.gz",
  "interrupts",
  "iomem",
  "ioports",
  "kallsyms",
  "kcore",
  "key-users",
  "keys",
  "kmsg",
  "kpagecgroup",
  "kpagecount",
  "kpageflags",
  "latency_stats",
  "mtrr",
  "pagetypeinfo",
  "sched_debug",
  "schedstat",
  "slabinfo",
  "softirqs",
  "timer_list",
  "timer_stats",
  "vmallocinfo",
  "zoneinfo",
];

const READ_ONLY_DIRECTORIES = ["bus", "fs", "irq", "sys"];
const READ_ONLY_FILES = ["sysrq-trigger"];

const covers = (
  how: "hidden" | "read-only",
  node: "file" | "directory",
  names: readonly string[],
): readonly Contribution[] => names.map((name) => cover({ target: `${target}/${name}`, how, node, optional: true }));

const hidden = (): readonly Contribution[] => [
  ...covers("hidden", "directory", HIDDEN_DIRECTORIES),
  ...covers("hidden", "file", HIDDEN_FILES),
];

const readOnly = (): readonly Contribution[] => [
  ...covers("read-only", "directory", READ_ONLY_DIRECTORIES),
  ...covers("read-only", "file", READ_ONLY_FILES),
];

const refusePid = (): never =>
  refuse({
    code: "E_PROC",
    message: "--proc pid is not possible with --pid host",
    hint: "the host's own /proc is shown then: leave one of them out",
  });

export default definePlugin<Config>({
  name: "proc",
  summary: "A /proc of its own, without what concerns the whole host",
  after: ["pid"],
  config,
  flags: {
    proc: choice<Config>("view", VIEWS, "Show /proc without what concerns the host, processes only, or all of it"),
  },

  *plan({ view = "masked" }, ctx) {
    const isOwn = ctx.has("pid");
    const options = view === "pid" ? "subset=pid" : "";
    if (isOwn) yield entry({ target, type: "filesystem", filesystem: "proc", options });
    // A new procfs shows the PID namespace of whoever mounts it: with the host's there is nothing to gain over the host's own.
    else yield entry({ target, type: "bind", source: target, node: "directory", readOnly: true });
    if (view === "pid" && !isOwn) refusePid();
    if (view !== "masked") return;
    yield* hidden();
    if (isOwn) yield* readOnly();
  },
});
