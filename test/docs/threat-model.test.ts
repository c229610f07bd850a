import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");
const text = await Bun.file(join(ROOT, "docs/threat-model.md")).text();

const promises = text
  .split("\n")
  .filter((line) => /^\| It |^\| Nobody |^\| No helper /.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

test("there are promises, and each has a mechanism", () => {
  expect(promises.length).toBeGreaterThan(15);
  for (const [, promise, mechanism] of promises) expect([promise, mechanism]).not.toContain("");
});

test.each(promises.map(([, promise, , shown]) => [promise, shown] as const))(
  "%s: shown by tests that are there",
  (_promise, shown) => {
    const names = [...(shown ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect([name, existsSync(join(ROOT, "test", `${name}.test.ts`))]).toEqual([name, true]);
  },
);
