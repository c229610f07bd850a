import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Plugin } from "../../src/plugin/define.ts";
import { orderPlugins } from "../../src/plugin/registry.ts";

const plugin = (name: string, order: Pick<Plugin, "after" | "before"> = {}): Plugin => ({
  name,
  summary: "",
  ...order,
});
const names = (plugins: readonly Plugin[]): readonly string[] => orderPlugins(plugins).map(({ name }) => name);

describe("order", () => {
  test("is that of registration where nothing else is said", () => {
    expect(names([plugin("b"), plugin("a"), plugin("c")])).toEqual(["b", "a", "c"]);
  });

  test("obeys after and before, and moves nothing else", () => {
    expect(names([plugin("a", { after: ["c"] }), plugin("b"), plugin("c")])).toEqual(["b", "c", "a"]);
    expect(names([plugin("a"), plugin("b"), plugin("c", { before: ["a"] })])).toEqual(["b", "c", "a"]);
  });

  test("ignores plugins that are not there", () => {
    expect(names([plugin("a", { after: ["nobody"], before: ["nobody"] })])).toEqual(["a"]);
  });

  test("holds for any permutation of any plugins without a circle", () => {
    // Constraints go from a lower to a higher number only, so that there is always an order.
    const constraints = fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.boolean()), { maxLength: 20 });
    const shuffled = fc.shuffledSubarray([...Array(10).keys()], { minLength: 10 });
    fc.assert(
      fc.property(constraints, shuffled, (pairs, permutation) => {
        const edges = pairs.filter(([from, to]) => from < to);
        const plugins = permutation.map((number) =>
          plugin(`p${number}`, {
            after: edges.filter(([, to, after]) => after && to === number).map(([from]) => `p${from}`),
            before: edges.filter(([from, , after]) => !after && from === number).map(([, to]) => `p${to}`),
          }),
        );
        const ordered = names(plugins);
        expect([...ordered].sort()).toEqual(plugins.map(({ name }) => name).sort());
        for (const [from, to] of edges) expect(ordered.indexOf(`p${from}`)).toBeLessThan(ordered.indexOf(`p${to}`));
      }),
    );
  });
});

describe("refused are", () => {
  test("a circle, by the names that are in it and no others", () => {
    const plugins = [
      plugin("x"),
      plugin("a", { after: ["c"] }),
      plugin("b", { after: ["a"] }),
      plugin("c", { after: ["b"] }),
      plugin("y", { after: ["a"] }),
    ];
    expect(() => orderPlugins(plugins)).toThrow("the order of plugins a, c or b goes in a circle");
  });

  test("a plugin that wants to run after itself", () => {
    expect(() => orderPlugins([plugin("a", { after: ["a"] })])).toThrow("circle");
  });

  test("two plugins of one name", () => {
    expect(() => orderPlugins([plugin("a"), plugin("a")])).toThrow("two plugins named a");
  });

  test.each(["", "A", "1a", "a b", "a.b", "command", "plugins", "bunker", "../x"])("the name %p", (name) => {
    expect(() => orderPlugins([plugin(name)])).toThrow("not allowed");
  });
});
