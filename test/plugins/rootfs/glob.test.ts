import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { globProblem, isMatch, isPattern, literalsOf, parseGlob, start, step } from "../../../plugins/rootfs/glob.ts";

const matches = (pattern: string, path: string): boolean => {
  const glob = parseGlob(pattern);
  const names = path.split("/").filter(Boolean);
  return isMatch(
    glob,
    names.reduce((states, name) => step(glob, states, name), start(glob)),
  );
};

describe("globs", () => {
  test.each([
    ["a", "a"],
    ["/a/b", "a/b"],
    ["*", "a"],
    ["*", ".hidden"],
    ["*.key", "x.key"],
    ["*.key", ".key"],
    ["?.txt", "a.txt"],
    ["?", "é"],
    ["[abc]", "b"],
    ["[a-c]x", "cx"],
    ["[!a-c]", "d"],
    ["[]]", "]"],
    ["[^]", "^"],
    ["[", "["],
    ["a*b*c", "aXbYc"],
    ["**/.env", ".env"],
    ["**/.env", "a/b/c/.env"],
    ["a/**/b", "a/b"],
    ["a/**/b", "a/x/y/b"],
    ["a/**", "a/x/y"],
    ["**", "a/b"],
    ["a.b", "a.b"],
    ["(a|b)+$", "(a|b)+$"],
    ["a{b,c}", "a{b,c}"],
    ["line\u2028end", "line\u2028end"],
  ])("%p matches %p", (pattern, path) => {
    expect(matches(pattern, path)).toBe(true);
  });

  test.each([
    ["a", "b"],
    ["a", "a/b"],
    ["a/b", "b"],
    ["*", "a/b"],
    ["*.key", "x.keys"],
    ["?", ""],
    ["?", "ab"],
    ["[!a-c]", "b"],
    ["[abc]", "d"],
    ["**/.env", "a.env"],
    ["**/.env", ".env/x"],
    ["a/**/b", "x/a/b"],
    ["a.b", "axb"],
    ["a{b,c}", "ab"],
  ])("%p does not match %p", (pattern, path) => {
    expect(matches(pattern, path)).toBe(false);
  });

  test.each([
    ["", "below /"],
    ["/", "below /"],
    ["//", "below /"],
    ["a/../b", "no . or .."],
    ["./a", "no . or .."],
    ["a\0", "control characters"],
    ["a\n", "control characters"],
    ["[z-a]", "backwards"],
  ])("%p is refused", (pattern, problem) => {
    expect(globProblem(pattern)).toContain(problem);
  });

  test("tell patterns from paths", () => {
    expect(["a", "/a/b.c", "a{b}", "a!"].map(isPattern)).toEqual([false, false, false, false]);
    expect(["*", "a?", "[a]", "a/**/b"].map(isPattern)).toEqual([true, true, true, true]);
  });

  test("say which names may come next, unless they must be looked for", () => {
    const next = (pattern: string, ...names: readonly string[]) => {
      const glob = parseGlob(pattern);
      return literalsOf(
        glob,
        names.reduce((states, name) => step(glob, states, name), start(glob)),
      );
    };
    expect(next("/a/b/*.c")).toEqual(["a"]);
    expect(next("/a/b/*.c", "a")).toEqual(["b"]);
    expect(next("/a/b/*.c", "a", "b")).toBeUndefined();
    expect(next("**/a")).toBeUndefined();
  });
});

describe("properties of globs", () => {
  const name = fc.stringMatching(/^[a-z.{}()+$^|\\ -]{1,6}$/).filter((text) => text !== "." && text !== "..");
  const path = fc.array(name, { minLength: 1, maxLength: 5 });

  test("a path without special characters matches itself and nothing else", () => {
    fc.assert(
      fc.property(path, path, (one, other) => {
        expect(globProblem(one.join("/"))).toBeUndefined();
        expect(matches(one.join("/"), other.join("/"))).toBe(one.join("/") === other.join("/"));
      }),
    );
  });

  test("** in front matches at every depth", () => {
    fc.assert(
      fc.property(path, name, (directories, last) => {
        expect(matches(`**/${last}`, [...directories, last].join("/"))).toBe(true);
      }),
    );
  });

  test("stars are regular expressions of any character", () => {
    const text = fc.stringMatching(/^[a-c*]{1,6}$/).filter((one) => one !== "**");
    fc.assert(
      fc.property(text, fc.stringMatching(/^[a-c]{1,8}$/), (pattern, one) => {
        expect(matches(pattern, one)).toBe(new RegExp(`^${pattern.replaceAll(/\*+/g, ".*")}$`).test(one));
      }),
    );
  });
});
