import { describe, expect, test } from "bun:test";
import { ID_POOL_BASE, ID_POOL_SIZE, mapCovers } from "../../src/linux/idpool.ts";

describe("the pool of ids", () => {
  test("lies in what systemd lists as unused, and below 2^31", () => {
    expect(ID_POOL_BASE + 1).toBeGreaterThan(1_879_048_191);
    expect(ID_POOL_BASE + ID_POOL_SIZE).toBeLessThan(2_147_352_576);
  });
});

describe("an id map covers a range", () => {
  test.each([
    ["all ids, as outside of any user namespace", "         0          0 4294967295\n", true],
    ["exactly the range", "  100 5000 10", true],
    ["an extent that is larger, among others", "0 0 10\n90 5000 50", true],
  ])("with %s", (_label, map, covers) => {
    expect(mapCovers(map, 100, 10)).toBe(covers);
  });

  test.each([
    ["nothing", ""],
    ["its first id missing", "101 0 50"],
    ["its last id missing", "0 0 109"],
    ["two extents that only meet", "100 5000 5\n105 9000 5"],
    ["a gap", "100 0 4\n105 0 50"],
    ["the 64 Ki of a rootless container", "0 100000 65536".replace("0 1", "200 1")],
  ])("not with %s", (_label, map) => {
    expect(mapCovers(map, 100, 10)).toBe(false);
  });
});
