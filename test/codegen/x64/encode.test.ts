import { expect, test } from "bun:test";
import { ENCODINGS } from "./encodings.ts";

test.each([...ENCODINGS])("$asm encodes as $hex", ({ code, hex }) => {
  expect(Uint8Array.from(code).toHex()).toBe(hex);
});
