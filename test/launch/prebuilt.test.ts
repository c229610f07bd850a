import { expect, test } from "bun:test";
import { join } from "node:path";
import { PREBUILT } from "../../src/launch/prebuilt.ts";

const GENERATOR = join(import.meta.dir, "../../scripts/gen-prebuilt.ts");

test("the prebuilt programs are what their sources assemble to (npm run gen)", () => {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, GENERATOR, "--check"]);
  expect(stderr.toString()).toBe("");
  expect(exitCode).toBe(0);
});

test("the monitor is smaller than a page on both architectures", () => {
  for (const { monitor } of Object.values(PREBUILT)) expect(monitor().length).toBeLessThan(4096);
});
