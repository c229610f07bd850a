import { describe, expect, test } from "bun:test";
import timens, { OFFSET_SECONDS_MAX } from "../../plugins/timens.ts";
import { planOf, sectionOf } from "../support/plan.ts";

describe("timens: plan", () => {
  test("is empty without an offset", () => {
    expect(planOf(timens)).toBe("");
  });

  test("writes both offsets before anything is in the namespace", () => {
    const section = sectionOf(timens, ["monotonic-offset", "-5"], ["boottime-offset", "+86400"]);
    expect(planOf(timens, section)).toMatchInlineSnapshot(`
      "namespace time
      time  timens_offsets = openat(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY|O_CLOEXEC, 0)
      time  write(timens_offsets, "monotonic -5 0\\nboottime 86400 0\\n", 32)
      time  close(timens_offsets)"
    `);
  });

  test("leaves the other clock alone", () => {
    expect(planOf(timens, { boottimeSeconds: 1 })).toContain("monotonic 0 0");
  });
});

describe("timens: config", () => {
  test.each([OFFSET_SECONDS_MAX, -OFFSET_SECONDS_MAX])("accepts %d seconds", (seconds) => {
    expect(planOf(timens, sectionOf(timens, ["boottime-offset", String(seconds)]))).toContain(`boottime ${seconds} 0`);
  });

  test.each([
    String(OFFSET_SECONDS_MAX + 1),
    String(-OFFSET_SECONDS_MAX - 1),
    "",
    "1.5",
    "1e3",
    "0x10",
    " 1",
    "--1",
    "1s",
  ])("refuses %p seconds", (seconds) => {
    expect(() => sectionOf(timens, ["monotonic-offset", seconds])).toThrow("whole seconds");
  });

  test.each([OFFSET_SECONDS_MAX + 1, 1.5, Number.NaN, "1"])("refuses %p in a config", (monotonicSeconds) => {
    expect(() => planOf(timens, { monotonicSeconds })).toThrow();
  });
});
