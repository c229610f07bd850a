import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseSize } from "../../../plugins/rootfs/sizes.ts";

describe("sizes", () => {
  test.each([
    ["1", 1],
    ["1b", 1],
    ["64m", 67_108_864],
    ["64MB", 67_108_864],
    ["64MiB", 67_108_864],
    ["1.5GiB", 1_610_612_736],
    ["0.5k", 512],
    ["2t", 2_199_023_255_552],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    ["64x", 'unknown unit "x"'],
    ["50%", 'unknown unit "%"'],
    ["1 m", 'unknown unit " m"'],
    ["1ib", 'unknown unit "ib"'],
    ["1e3", "is no size"],
    ["", "is no size"],
    ["m", "is no size"],
    ["-1m", "is no size"],
    ["1.m", "is no size"],
    ["1.2.3m", "is no size"],
    ["0", "too small"],
    ["0.1b", "too small"],
    ["9007199254740992", "is no size"],
    ["8192t", "too large"],
    ["9999999999999999m", "is no size"],
  ])("refuses %p", (text, problem) => {
    expect(parseSize(text)).toMatch(new RegExp(problem));
  });

  test("a whole number with a unit is that many units", () => {
    const units = { "": 0, k: 10, m: 20, g: 30 } as const;
    const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), unit, (count, name) => {
        expect(parseSize(`${count}${name}`)).toBe(count * 2 ** units[name]);
      }),
    );
  });

  test("answers to any text with a positive whole number of bytes or with words", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const size = parseSize(text);
        expect(typeof size === "string" || (Number.isSafeInteger(size) && size > 0)).toBe(true);
      }),
    );
  });
});
