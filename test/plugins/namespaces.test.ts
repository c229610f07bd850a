import { describe, expect, test } from "bun:test";
import cgroupns from "../../plugins/cgroupns.ts";
import ipc from "../../plugins/ipc.ts";
import pid from "../../plugins/pid.ts";
import { planOf, sectionOf } from "../support/plan.ts";

describe.each([
  { plugin: pid, flag: "pid", namespace: "pid" },
  { plugin: ipc, flag: "ipc", namespace: "ipc" },
  { plugin: cgroupns, flag: "cgroupns", namespace: "cgroup" },
])("$flag", ({ plugin, flag, namespace }) => {
  test("enters its namespace by default and when asked to", () => {
    expect(planOf(plugin)).toBe(`namespace ${namespace}`);
    expect(planOf(plugin, sectionOf(plugin, [flag, "private"]))).toBe(`namespace ${namespace}`);
  });

  test("stays in the host's when asked to, and says what that means", () => {
    expect(planOf(plugin, sectionOf(plugin, [flag, "host"]))).toStartWith(`note --${flag} host: `);
  });

  test.each(["", "Host", "container:x"])("refuses the mode %p and names the others", (mode) => {
    expect(() => sectionOf(plugin, [flag, mode])).toThrow("private or host");
    expect(() => planOf(plugin, { mode })).toThrow('"private" | "host"');
  });

  test("refuses unknown keys", () => {
    expect(() => planOf(plugin, { Mode: "host" })).toThrow();
  });
});

describe("pid: init", () => {
  test("is left out with --no-init", () => {
    expect(planOf(pid, sectionOf(pid, ["no-init", "true"]))).toBe("namespace pid\ninit enabled false");
  });

  test("is there again with a later --init", () => {
    expect(planOf(pid, sectionOf(pid, ["no-init", "true"], ["init", "true"]))).toBe("namespace pid");
  });

  test("can be left out without a namespace", () => {
    expect(planOf(pid, { mode: "host", init: false })).toEndWith("init enabled false");
  });
});
