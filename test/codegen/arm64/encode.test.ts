import { expect, test } from "bun:test";
import { hexOf } from "../rows.ts";
import { ENCODINGS } from "./encodings.ts";

test.each([...ENCODINGS])("$asm encodes as $hex", ({ code, hex }) => {
  expect(hexOf(code)).toBe(hex);
});
