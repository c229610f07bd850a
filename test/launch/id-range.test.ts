import { describe, expect, test } from "bun:test";
import { createHost } from "../../src/launch/host.ts";
import { takeRange } from "../../src/launch/id-range.ts";
import { rangeFilter } from "../../src/launch/id-taken.ts";
import { ID_RANGE_FIRST, ID_RANGE_IDS, ID_RANGE_LAST, ID_RANGES } from "../../src/linux/idpool.ts";
import { type FakeHost, fakeHost, ROOT } from "../support/host.ts";
import { lockedRanges } from "../support/ranges.ts";

const MAPS = { "/proc/self/uid_map": "=0 0 4294967295\n", "/proc/self/gid_map": "=0 0 4294967295\n" } as const;

const filterOf = (nodes: FakeHost["nodes"], without: readonly string[] = []) =>
  rangeFilter(fakeHost({ ...ROOT, nodes: { ...MAPS, ...nodes }, without }));

const baseOf = (index: number): number => ID_RANGE_FIRST + index * ID_RANGE_IDS;

describe("a range", () => {
  test("is one of those that are for containers", () => {
    expect([ID_RANGE_FIRST % ID_RANGE_IDS, ID_RANGE_LAST % ID_RANGE_IDS]).toEqual([0, 0]);
    expect([baseOf(0), baseOf(ID_RANGES - 1)]).toEqual([524_288, 1_878_982_656]);
  });

  test("may be given out where nobody has an id of it", () => {
    const isFree = filterOf({ "/etc/subuid": `=ann:${baseOf(0)}:65536\nbob:${baseOf(2)}:1\n` });
    expect([0, 1, 2, 3].map((index) => isFree(baseOf(index)))).toEqual([false, true, false, true]);
  });

  test.each<[string, FakeHost["nodes"]]>([
    ["a subordinate group id", { "/etc/subgid": `=ann:${baseOf(5) + 65_535}:1\n` }],
    ["a range that goes beyond it on both sides", { "/etc/subuid": `=lxd:${baseOf(5) - 1}:65538\n` }],
    ["a user", { "/etc/passwd": `=big:x:${baseOf(5) + 7}:7::/:/bin/sh\n` }],
    ["a user's group", { "/etc/passwd": `=big:x:7:${baseOf(5)}::/:/bin/sh\n` }],
    ["a group", { "/etc/group": `=big:x:${baseOf(5) + 65_535}:\n` }],
    ["a lock of systemd-nspawn's", { [`/run/systemd/nspawn-uid/${baseOf(5)}`]: "=" }],
    ["one that is a link to nowhere", { [`/run/systemd/nspawn-uid/${baseOf(5)}`]: "→/nowhere" }],
    ["an entry of systemd-nsresourced's", { [`/run/systemd/nsresource/registry/u${baseOf(5)}.userns`]: "=" }],
    ["a map of our own that lacks it", { "/proc/self/uid_map": `=0 0 ${baseOf(5) + 65_535}\n` }],
    ["a map of our own that lacks its groups", { "/proc/self/gid_map": `=0 0 ${baseOf(5) + 65_535}\n` }],
  ])("is left alone for %s", (_label, nodes) => {
    const isFree = filterOf(nodes);
    expect([isFree(baseOf(5)), isFree(baseOf(2))]).toEqual([false, true]);
  });

  test("of another beside it does not matter", () => {
    const isFree = filterOf({ "/etc/subuid": `=ann:${baseOf(4)}:65536\nann:${baseOf(6)}:65536\n` });
    expect(isFree(baseOf(5))).toBe(true);
  });

  test("is not given out while a file that tells of others cannot be read", () => {
    expect(() => filterOf({ "/etc/subuid": "directory" })).toThrow('"/etc/subuid" cannot be read');
    expect(() => filterOf({ "/etc/passwd": `=${"#".repeat(5_000_000)}` })).toThrow('"/etc/passwd" cannot be read');
    expect(filterOf({}, ["/etc/passwd"])(baseOf(1))).toBe(true);
  });
});

describe.if(process.getuid?.() === 0)("the lock of a range, for root", () => {
  const host = createHost();

  test("is taken from where one starts to look, and given back when it is closed", () => {
    using one = takeRange(host, 20_000).lock;
    expect(lockedRanges()).toContain(baseOf(20_000));
    one[Symbol.dispose]();
    expect(lockedRanges()).not.toContain(baseOf(20_000));
  });

  test("is nobody else's while it is held: the next one is", () => {
    const first = takeRange(host, 20_100);
    const second = takeRange(host, 20_100);
    using _one = first.lock;
    using _other = second.lock;
    expect([first.base, second.base]).toEqual([baseOf(20_100), baseOf(20_101)]);
  });

  test("is looked for from the start again behind the last one", () => {
    const last = takeRange(host, ID_RANGES - 1);
    const next = takeRange(host, ID_RANGES - 1);
    using _one = last.lock;
    using _other = next.lock;
    expect(last.base).toBe(ID_RANGE_LAST);
    expect(next.base).toBeGreaterThanOrEqual(ID_RANGE_FIRST);
    expect(next.base).toBeLessThan(ID_RANGE_LAST);
  });

  test("is not found where every range is somebody's", () => {
    const full = { ...host, readText: (path: string) => (path === "/etc/subuid" ? `lxd:0:4294967294` : "") };
    expect(() => takeRange(full, 5)).toThrow("none of the 28664 ranges of ids for sandboxes is free");
  });
});
