import { expect, test } from "bun:test";
import { printTimings, Timings } from "../../src/plugin/timings.ts";

test("the table is aligned and in the order of starting times", () => {
  const table = printTimings([
    { stage: "plan", plugin: "rootfs", startMs: 12.5, durationMs: 0.25 },
    { stage: "resolve", plugin: "", startMs: 9.125, durationMs: 10 },
  ]);
  expect(table).toBe(
    ["stage           at ms  took ms", "resolve         9.125   10.000", "  rootfs.plan  12.500    0.250"].join("\n"),
  );
});

test("asynchronous work is measured until it is settled, and its result passed on", async () => {
  const timings = new Timings();
  expect(await timings.measure("sleep", () => Bun.sleep(5).then(() => "done"))).toBe("done");
  expect(timings.records[0]?.durationMs).toBeGreaterThan(4);
});

test("work that throws is recorded", () => {
  const timings = new Timings();
  const broken = (): never => {
    throw new Error("oops");
  };
  expect(() => timings.measure("broken", broken)).toThrow("oops");
  expect(timings.records).toHaveLength(1);
});
