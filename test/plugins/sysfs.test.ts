import { describe, expect, test } from "bun:test";
import sysfs, { parseCpus } from "../../plugins/sysfs.ts";
import { fakeHost } from "../support/host.ts";
import { planOf, sectionOf } from "../support/plan.ts";

const host = fakeHost({ nodes: { "/sys/devices/system/cpu/possible": "=0-1,4\n" } });
const section = sectionOf(sysfs, ["sysfs", "true"]);

describe("sysfs: plan", () => {
  test("is empty unless it is asked for", () => {
    expect(planOf(sysfs)).toBe("");
    expect(planOf(sysfs, { show: false })).toBe("");
  });

  test("mounts a new one for a network namespace of its own, and hides what is not for programs", () => {
    expect(planOf(sysfs, section, { has: ["net"], host })).toMatchInlineSnapshot(`
      "/sys  sysfs
      /sys/devices/virtual/powercap  hidden directory, where there is one
      /sys/firmware  hidden directory, where there is one
      /sys/fs/bpf  hidden directory, where there is one
      /sys/fs/cgroup  hidden directory, where there is one
      /sys/fs/pstore  hidden directory, where there is one
      /sys/fs/selinux  hidden directory, where there is one
      /sys/kernel/debug  hidden directory, where there is one
      /sys/kernel/security  hidden directory, where there is one
      /sys/kernel/slab  hidden directory, where there is one
      /sys/kernel/tracing  hidden directory, where there is one
      /sys/module  hidden directory, where there is one
      /sys/devices/system/cpu/cpu0/thermal_throttle  hidden directory, where there is one
      /sys/devices/system/cpu/cpu1/thermal_throttle  hidden directory, where there is one
      /sys/devices/system/cpu/cpu4/thermal_throttle  hidden directory, where there is one"
    `);
  });

  test("shows the host's read-only where its network is seen anyway, and hides the same", () => {
    const [mount, ...covers] = planOf(sysfs, section, { host }).split("\n");
    expect(mount).toBe("/sys  ro directory /sys");
    expect(covers).toEqual(
      planOf(sysfs, section, { has: ["net"], host })
        .split("\n")
        .slice(1),
    );
  });
});

describe("sysfs: CPUs", () => {
  test.each([
    ["0\n", [0]],
    ["0-3", [0, 1, 2, 3]],
    ["0-1,4,6-7\n", [0, 1, 4, 6, 7]],
    ["", []],
    ["x,-1,3-", []],
    ["5-3", []],
  ])("%p", (list, cpus) => {
    expect(parseCpus(list)).toEqual(cpus);
  });

  test("are not more than a kernel can have", () => {
    expect(parseCpus("0-99999999")).toHaveLength(8192);
  });
});

test("sysfs: unknown keys are refused", () => {
  expect(() => planOf(sysfs, { Show: true })).toThrow();
});
