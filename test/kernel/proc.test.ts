/**
 * /proc and /sys from inside: what concerns the whole host is hidden or cannot be changed (security.md, rows 6, 8, 24 and 43).
 * @module
 */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { type BoxOptions, box, shell } from "../support/box.ts";
import { describeForCallers, SHARED_BINARY } from "../support/callers.ts";
import { parseMounts } from "../support/mounts.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();

/** The lists as they are written here, and not as the plugin has them. */
const HIDDEN = (
  "acpi asound config.gz interrupts iomem ioports kallsyms kcore key-users keys kmsg kpagecgroup kpagecount kpageflags " +
  "latency_stats mtrr pagetypeinfo sched_debug schedstat scsi slabinfo softirqs timer_list timer_stats vmallocinfo zoneinfo"
).split(" ");
const READ_ONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"];
const SYSFS_HIDDEN =
  "devices/virtual/powercap firmware fs/bpf fs/cgroup fs/pstore kernel/debug kernel/security kernel/slab kernel/tracing module".split(
    " ",
  );

const here = (directory: string, names: readonly string[]): readonly string[] =>
  names.filter((name) => existsSync(`${directory}/${name}`));

const isDirectory = (path: string): boolean => statSync(path).isDirectory();

const optionsOf = (mountinfo: string, target: string): readonly string[] =>
  parseMounts(mountinfo).findLast((mount) => mount.target === target)?.options ?? [];

describeForCallers("/proc", (caller) => {
  const modes: readonly (readonly [name: string, flags: readonly string[]])[] = [
    ["by default", []],
    ["for root inside", ["--user", "root"]],
    ["with the host's processes", ["--pid", "host"]],
    ...(caller.name === "root" ? [["with the host's ids", ["--userns", "host"]] as const] : []),
  ];

  test.each(modes)("has nothing in what is hidden, %s", (_mode, flags) => {
    const hidden = here("/proc", HIDDEN);
    expect(hidden.length).toBeGreaterThan(5);
    const looked = shell(
      caller,
      `for name in ${hidden.join(" ")}; do f=/proc/$name; if [ -d $f ]; then ls -A $f | wc -l; else wc -c <$f; fi; done | sort -u`,
      { flags },
    );
    expect(looked).toBe("0");
    const types = shell(caller, `cd /proc; stat -c '%n %F' ${hidden.join(" ")}`, { flags });
    const expected = hidden.map((name) =>
      isDirectory(`/proc/${name}`) ? `${name} directory` : `${name} regular empty file`,
    );
    expect(types.split("\n")).toEqual(expected);
  });

  test("hides with a read-only file system that has nothing else", () => {
    const mounts = parseMounts(shell(caller, "cat /proc/self/mountinfo"));
    const covers = mounts.filter(({ target }) => /^\/proc\/(?!(bus|fs|irq|sys|sysrq-trigger)$)/.test(target));
    expect(covers.map(({ target }) => target.slice("/proc/".length)).sort()).toEqual([...here("/proc", HIDDEN)].sort());
    for (const { type, options } of covers) {
      expect(type).toBe("tmpfs");
      expect(options).toEqual(expect.arrayContaining(["ro", "nosuid", "nodev", "noexec"]));
    }
    const write = here("/proc", HIDDEN).map((name) => `touch /proc/${name}/x; echo x >/proc/${name}`);
    const { stdout } = box(caller, ["sh", "-c", `${write.join("; ")}; find /proc/acpi /proc/keys -size +0 -type f`]);
    expect(stdout).toBe("");
  });

  test.each(modes)("cannot be written to where that changes the host, %s", (_mode, flags) => {
    const mountinfo = shell(caller, "cat /proc/self/mountinfo", { flags });
    const covered = flags.includes("--pid") ? ["/proc"] : here("/proc", READ_ONLY).map((name) => `/proc/${name}`);
    for (const target of covered) expect(optionsOf(mountinfo, target)).toContain("ro");
    for (const path of [
      "sys/kernel/core_pattern",
      "sys/kernel/hostname",
      "sys/net/ipv4/ip_forward",
      "sys/vm/drop_caches",
    ])
      expect(box(caller, ["sh", "-c", `echo 0 >/proc/${path}`], { flags }).exitCode).not.toBe(0);
  });

  test("still has what ordinary programs look at", () => {
    const files =
      "cpuinfo meminfo stat uptime loadavg filesystems version mounts self/status self/maps sys/kernel/random/uuid sys/vm/overcommit_memory";
    const script = `for name in ${files}; do test -n "$(head -c 1 /proc/$name)" || echo empty $name; done`;
    expect(shell(caller, script)).toBe("");
    expect(shell(caller, "echo 500 >/proc/self/oom_score_adj && cat /proc/self/oom_score_adj")).toBe("500");
  });

  test("has processes only with --proc pid, and everything with --proc full", () => {
    const names = shell(caller, "ls /proc", { flags: ["--proc", "pid"] }).split("\n");
    expect(names.filter((name) => !/^\d+$/.test(name)).sort()).toEqual(["self", "thread-self"]);
    const all = shell(caller, "ls /proc; grep -c ' /proc/' /proc/self/mountinfo; true", { flags: ["--proc", "full"] });
    expect(all.split("\n")).toEqual(expect.arrayContaining([...here("/proc", ["cpuinfo", "kallsyms", "keys"])]));
    expect(all).toEndWith("\n0");
  });

  test("shows no process of the host's", () => {
    const pids = shell(caller, "ls /proc | grep -E '^[0-9]+$' | wc -l");
    expect(Number(pids)).toBeLessThan(7);
    expect(readdirSync("/proc").filter((name) => /^\d+$/.test(name)).length).toBeGreaterThan(7);
  });

  test("of a root directory that is a link is refused, whatever it leads to", () => {
    const root = scratch.directory(`linked-${caller.name}`);
    for (const [name, to] of [
      ["proc", "etc"],
      ["proc", "/proc"],
      ["dev", "tmp"],
    ] as const) {
      Bun.spawnSync(["ln", "-sfn", to, `${root}/${name}`]);
      const { exitCode, stderr } = box(caller, ["true"], { flags: ["--rootfs", root] });
      expect([exitCode, stderr]).toEqual([125, expect.stringContaining(`its ${name} must be a directory`)]);
      Bun.spawnSync(["rm", `${root}/${name}`]);
    }
  });
});

describeForCallers("/sys", (caller) => {
  test("is not there", () => {
    expect(box(caller, ["ls", "/sys"]).exitCode).not.toBe(0);
  });

  const ways: readonly (readonly [string, BoxOptions])[] = [
    ["a new one", { flags: ["--sysfs"] }],
    ["the host's, with its network", { flags: ["--sysfs", "--network", "host"] }],
  ];

  test.each(ways)("is read-only on request: %s", (_way, options) => {
    const mountinfo = shell(caller, "cat /proc/self/mountinfo", options);
    expect(optionsOf(mountinfo, "/sys")).toEqual(expect.arrayContaining(["ro", "nosuid", "nodev"]));
    expect(box(caller, ["sh", "-c", "echo mem >/sys/power/state"], options).exitCode).not.toBe(0);
    expect(box(caller, ["touch", "/sys/new"], options).exitCode).not.toBe(0);
    expect(shell(caller, "cat /sys/devices/system/cpu/possible", options)).toBe(
      readFileSync("/sys/devices/system/cpu/possible", "utf8").trim(),
    );
  });

  test.each(ways)("has nothing in what is hidden: %s", (_way, options) => {
    const names = here("/sys", SYSFS_HIDDEN);
    expect(names.length).toBeGreaterThan(3);
    const script = `for name in ${names.join(" ")}; do ls -A /sys/$name | wc -l; done | sort -u`;
    expect(shell(caller, script, options)).toBe("0");
  });

  test("shows the network of the sandbox, and no other", () => {
    expect(shell(caller, "ls /sys/class/net", { flags: ["--sysfs"] })).toBe("lo");
  });

  test("is the same from an executable of bunker compile", () => {
    const image = scratch.at(`sysfs-${caller.name}`);
    scratch.directory(".");
    const words = [SHARED_BINARY, "compile", "-o", image, "--sysfs", "--", "sh", "-c"];
    const { exitCode, stderr } = Bun.spawnSync([...words, "ls /sys/firmware /proc/acpi; wc -c </proc/kallsyms"], {
      cwd: "/",
    });
    expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    expect(box(caller, [], { image }).stdout).toBe("/proc/acpi:\n\n/sys/firmware:\n0\n");
  });
});
