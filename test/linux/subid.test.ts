import { expect, test } from "bun:test";
import { ID_MAX } from "../../src/linux/idmap.ts";
import { parseSubids } from "../../src/linux/subid.ts";

test("lines of owner, first id and count are ranges", () => {
  expect(parseSubids("ann:100000:65536\n1001:5:1\n")).toEqual([
    { owner: "ann", first: 100_000, count: 65_536 },
    { owner: "1001", first: 5, count: 1 },
  ]);
});

test.each([
  "",
  "# ann:1:1:1",
  "ann:1",
  "ann:1:1:1",
  ":1:1",
  "ann:-1:5",
  "ann:01:5",
  "ann:0x10:5",
  "ann:1:0",
  `ann:${ID_MAX}:2`,
  "ann: 1:5",
])("%p gives nobody anything", (line) => {
  expect(parseSubids(`${line}\nbob:1:1`)).toEqual([{ owner: "bob", first: 1, count: 1 }]);
});

test("a range may end at the last id there is", () => {
  expect(parseSubids(`ann:${ID_MAX}:1`)).toHaveLength(1);
});
