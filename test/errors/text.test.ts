import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { editDistance, nearest, oneOf, printable, quoted } from "../../src/errors/text.ts";

/** The definition itself, slow: what the table must agree with. */
const slowDistance = (a: string, b: string): number => {
  if (a === "" || b === "") return a.length + b.length;
  const swapped = a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1) && a.length > 1 && b.length > 1;
  return Math.min(
    slowDistance(a.slice(0, -1), b) + 1,
    slowDistance(a, b.slice(0, -1)) + 1,
    slowDistance(a.slice(0, -1), b.slice(0, -1)) + (a.at(-1) === b.at(-1) ? 0 : 1),
    swapped ? slowDistance(a.slice(0, -2), b.slice(0, -2)) + 1 : Number.POSITIVE_INFINITY,
  );
};

describe("edit distance", () => {
  test.each([
    ["", "", 0],
    ["abc", "abc", 0],
    ["", "abc", 3],
    ["volum", "volume", 1],
    ["rnu", "run", 1],
    ["kitten", "sitting", 3],
  ] as const)("of %p and %p is %p", (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance);
  });

  test("agrees with its definition", () => {
    const short = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
    fc.assert(fc.property(short, short, (a, b) => editDistance(a, b) === slowDistance(a, b)));
  });

  test("is the same in both directions, and zero only between equals", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe("the nearest name", () => {
  test("is the one that was probably meant", () => {
    expect(nearest("--volum", ["--env", "--volume"])).toBe("--volume");
  });

  test("is none where nothing is near", () => {
    expect(nearest("--banana", ["--env", "--volume"])).toBeUndefined();
    expect(nearest("x", [])).toBeUndefined();
  });
});

describe("printable text", () => {
  test("has no control character left, whatever came in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  test("names what it has escaped", () => {
    expect(quoted('a\n\t\u001b"\u202e')).toBe('"a\\n\\t\\e\\"\\u{202e}"');
  });

  test("is left alone where it is harmless", () => {
    expect(printable("größe → /usr")).toBe("größe → /usr");
  });
});

test("alternatives are read out as a person would", () => {
  expect([oneOf([]), oneOf(["a"]), oneOf(["a", "b"]), oneOf(["a", "b", "c"])]).toEqual([
    "",
    "a",
    "a or b",
    "a, b or c",
  ]);
});
