import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Extent,
  ID_MAX,
  mergeExtents,
  parseId,
  printMap,
  readMap,
  showIds,
  toInside,
  toOutside,
} from "../../src/linux/idmap.ts";

/** Extents that overlap on neither side, in any order: pieces of the numbers from 0 on, given away in another order outside. */
const maps: fc.Arbitrary<readonly Extent[]> = fc
  .array(fc.record({ gap: fc.nat(3), count: fc.integer({ min: 1, max: 5 }), rank: fc.nat(100) }), { maxLength: 12 })
  .map((pieces) => {
    let inside = 0;
    const placed = pieces.map(({ gap, count, rank }) => {
      inside += gap;
      const extent = { inside, count, rank };
      inside += count;
      return extent;
    });
    let outside = 1000;
    const extents = new Map<number, Extent>();
    for (const piece of [...placed].sort((one, other) => one.rank - other.rank)) {
      extents.set(piece.inside, { inside: piece.inside, outside, count: piece.count });
      outside += piece.count;
    }
    return placed.map((piece) => extents.get(piece.inside)).filter((extent) => extent !== undefined);
  });

const shuffled = (all: readonly Extent[]): readonly Extent[] =>
  [...all].sort((one, other) => one.outside - other.outside);

const IDS = Array.from({ length: 100 }, (_, id) => id);

describe("a map", () => {
  test("means the same when neighbours are joined, in whatever order it was given", () => {
    fc.assert(
      fc.property(maps, (map) => {
        const merged = mergeExtents(shuffled(map));
        for (const id of IDS) expect(toOutside(merged, id)).toBe(toOutside(map, id));
        for (const id of IDS) expect(toInside(merged, 1000 + id)).toBe(toInside(map, 1000 + id));
      }),
    );
  });

  test("is not joined further, sorted, and never longer when it is joined", () => {
    fc.assert(
      fc.property(maps, (map) => {
        const merged = mergeExtents(shuffled(map));
        expect(mergeExtents(merged)).toEqual(merged);
        expect(merged.length).toBeLessThanOrEqual(map.length);
        for (const [index, next] of merged.entries()) {
          const last = merged[index - 1];
          if (last === undefined) continue;
          expect(last.inside + last.count).toBeLessThanOrEqual(next.inside);
          const touches = last.inside + last.count === next.inside && last.outside + last.count === next.outside;
          expect(touches).toBe(false);
        }
      }),
    );
  });

  test("is read as it was printed", () => {
    fc.assert(fc.property(maps, (map) => expect(readMap(printMap(map))).toEqual([...map])));
  });

  test("goes both ways", () => {
    fc.assert(
      fc.property(maps, fc.nat(100), (map, id) => {
        const outside = toOutside(map, id);
        if (outside !== undefined) expect(toInside(map, outside)).toBe(id);
      }),
    );
  });

  test("of the initial namespace has every id, as the kernel pads it", () => {
    const all = readMap("         0          0 4294967295\n");
    expect([toOutside(all, 0), toOutside(all, ID_MAX), toOutside(all, ID_MAX + 1)]).toEqual([0, ID_MAX, undefined]);
  });

  test("that is empty has none", () => {
    expect(toInside(readMap(""), 0)).toBeUndefined();
  });
});

test("a range is shown by its ends, one id by itself", () => {
  expect([showIds(5, 1), showIds(5, 2), showIds(0, 65_536)]).toEqual(["5", "5-6", "0-65535"]);
});

test.each(["", "-1", "+1", " 1", "1 ", "01", "0x1", "1e3", "٣", "4294967295", "99999999999", "1\n"])(
  "%p is no id",
  (text) => {
    expect(parseId(text)).toBeUndefined();
  },
);
