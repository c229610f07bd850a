import { expect, test } from "bun:test";
import { prebuiltSource } from "../../scripts/gen-prebuilt.ts";
import { PREBUILT } from "../../src/launch/prebuilt.ts";

/** Formatting is the formatter's: only the values count. */
const strings = (source: string): readonly string[] =>
  [...source.matchAll(/"([A-Za-z0-9+/=]+)"/g)].map(([, text]) => text as string);

test("the prebuilt programs are what their sources assemble to (npm run gen)", async () => {
  const file = await Bun.file(new URL("../../src/launch/prebuilt.ts", import.meta.url)).text();
  expect(strings(file).join("")).toBe(strings(prebuiltSource()).join(""));
});

test("the monitor is smaller than a page on both architectures", () => {
  for (const { monitor } of Object.values(PREBUILT)) expect(monitor().length).toBeLessThan(4096);
});
