import { expect, test } from "bun:test";
import { join } from "node:path";
import { PREBUILT } from "../../src/launch/prebuilt.ts";

const GENERATOR = join(import.meta.dir, "../../scripts/gen-prebuilt.ts");

test("the prebuilt programs are what their sources assemble to (npm run gen)", () => {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, GENERATOR, "--check"]);
  expect(stderr.toString()).toBe("");
  expect(exitCode).toBe(0);
});

test("monitor and relay are smaller than two pages on both architectures", () => {
  for (const { monitor, relay } of Object.values(PREBUILT))
    for (const program of [monitor(), relay()]) expect(program.length).toBeLessThan(8192);
});
