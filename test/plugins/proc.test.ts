import { describe, expect, test } from "bun:test";
import proc from "../../plugins/proc.ts";
import { planOf, sectionOf } from "../support/plan.ts";

const OWN = { has: ["pid"] } as const;

describe("proc: plan", () => {
  test("mounts a new /proc, hides what concerns the host, and makes read-only what could change it", () => {
    expect(planOf(proc, {}, OWN)).toMatchInlineSnapshot(`
      "/proc  proc
      /proc/acpi  hidden directory, where there is one
      /proc/asound  hidden directory, where there is one
      /proc/scsi  hidden directory, where there is one
      /proc/config.gz  hidden file, where there is one
      /proc/interrupts  hidden file, where there is one
      /proc/iomem  hidden file, where there is one
      /proc/ioports  hidden file, where there is one
      /proc/kallsyms  hidden file, where there is one
      /proc/kcore  hidden file, where there is one
      /proc/key-users  hidden file, where there is one
      /proc/keys  hidden file, where there is one
      /proc/kmsg  hidden file, where there is one
      /proc/kpagecgroup  hidden file, where there is one
      /proc/kpagecount  hidden file, where there is one
      /proc/kpageflags  hidden file, where there is one
      /proc/latency_stats  hidden file, where there is one
      /proc/mtrr  hidden file, where there is one
      /proc/pagetypeinfo  hidden file, where there is one
      /proc/sched_debug  hidden file, where there is one
      /proc/schedstat  hidden file, where there is one
      /proc/slabinfo  hidden file, where there is one
      /proc/softirqs  hidden file, where there is one
      /proc/timer_list  hidden file, where there is one
      /proc/timer_stats  hidden file, where there is one
      /proc/vmallocinfo  hidden file, where there is one
      /proc/zoneinfo  hidden file, where there is one
      /proc/bus  read-only directory, where there is one
      /proc/fs  read-only directory, where there is one
      /proc/irq  read-only directory, where there is one
      /proc/sys  read-only directory, where there is one
      /proc/sysrq-trigger  read-only file, where there is one"
    `);
  });

  test("shows the host's read-only where its processes are seen anyway, and hides the same", () => {
    const [mount, ...covers] = planOf(proc).split("\n");
    const own = planOf(proc, {}, OWN).split("\n");
    expect(mount).toBe("/proc  ro directory /proc");
    expect(covers).toEqual(own.filter((line) => line.includes(" hidden ")));
  });

  test("shows processes only, or everything, when asked to", () => {
    expect(planOf(proc, sectionOf(proc, ["proc", "pid"]), OWN)).toBe("/proc  proc subset=pid");
    expect(planOf(proc, sectionOf(proc, ["proc", "full"]), OWN)).toBe("/proc  proc");
    expect(planOf(proc, sectionOf(proc, ["proc", "full"]))).toBe("/proc  ro directory /proc");
  });

  test("has what the OCI runtimes have on their lists", () => {
    const plan = planOf(proc, {}, OWN);
    for (const name of "acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list timer_stats".split(
      " ",
    ))
      expect(plan).toMatch(new RegExp(`^/proc/${name}  hidden `, "m"));
    for (const name of ["bus", "fs", "irq", "sys", "sysrq-trigger"])
      expect(plan).toMatch(new RegExp(`^/proc/${name}  read-only `, "m"));
  });
});

describe("proc: config", () => {
  test("refuses processes only where they are the host's", () => {
    expect(() => planOf(proc, { view: "pid" })).toThrow("not possible with --pid host");
  });

  test.each(["", "Masked", "none"])("refuses the view %p and names the others", (view) => {
    expect(() => sectionOf(proc, ["proc", view])).toThrow("masked or pid or full");
    expect(() => planOf(proc, { view })).toThrow('"masked" | "pid" | "full"');
  });

  test("refuses unknown keys", () => {
    expect(() => planOf(proc, { masked: true })).toThrow();
  });
});
