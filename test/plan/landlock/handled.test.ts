import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ABI_MAX, ACCESS_FS, handledBy } from "../../../src/linux/landlock.ts";
import { restrictionOn, restrictions } from "../../../src/plan/landlock/handled.ts";
import { LANDLOCK_FEATURES, LANDLOCK_LEVELS } from "../../../src/plan/landlock/policy.ts";
import { landlockOf } from "../../support/landlock.ts";

const PORTS = { connect: [443], bind: [8080] };
const on = (abi: number, options: Parameters<typeof landlockOf>[0] = {}) => restrictionOn(landlockOf(options), abi);
const OFF = { fs: "off", tcp: "off", signal: "off", abstract: "off", unix: "off" } as const;

describe("what is in force on a kernel", () => {
  test.each([
    [0, { fs: 0, net: 0, scoped: 0, restrictFlags: 0 }],
    // Without REFER no rule could allow a rename between two directories.
    [1, { fs: 0, net: 0, scoped: 0, restrictFlags: 0 }],
    [2, { fs: 0x3fff, net: 0, scoped: 0, restrictFlags: 0 }],
    [3, { fs: 0x7fff, net: 0, scoped: 0, restrictFlags: 0 }],
    [4, { fs: 0x7fff, net: 3, scoped: 0, restrictFlags: 0 }],
    [5, { fs: 0xffff, net: 3, scoped: 0, restrictFlags: 0 }],
    [6, { fs: 0xffff, net: 3, scoped: 3, restrictFlags: 0 }],
    [7, { fs: 0xffff, net: 3, scoped: 3, restrictFlags: 4 }],
    [8, { fs: 0xffff, net: 3, scoped: 3, restrictFlags: 4 }],
    [9, { fs: 0x1ffff, net: 3, scoped: 3, restrictFlags: 4 }],
  ])("with ABI %d, for a plan that wants all", (abi, expected) => {
    expect(on(abi, { tcp: PORTS })).toEqual(expected);
  });

  test("no port is restricted that nobody has listed", () => {
    expect(on(9).net).toBe(0);
    expect(on(9, { tcp: { connect: [] } }).net).toBe(2);
    expect(on(9, { tcp: { bind: [1] } }).net).toBe(1);
  });

  test("each feature can be off", () => {
    expect(on(9, { levels: OFF, tcp: PORTS })).toMatchObject({ fs: 0, net: 0, scoped: 0 });
    expect(on(9, { levels: { signal: "off" } }).scoped).toBe(1);
    expect(on(9, { levels: { abstract: "off" } }).scoped).toBe(2);
    expect(on(9, { levels: { unix: "off" } }).fs).toBe(0xffff);
  });

  test("sockets alone are no reason to handle files: that would take renames away", () => {
    expect(on(9, { levels: { fs: "off" } }).fs).toBe(0);
  });

  test("denials are logged on request, and otherwise not even those of a payload's own domains", () => {
    expect([on(6, { log: true }), on(7, { log: true }), on(7)].map(({ restrictFlags }) => restrictFlags)).toEqual([
      0, 2, 4,
    ]);
  });
});

const landlocks = fc
  .record({
    levels: fc.record(Object.fromEntries(LANDLOCK_FEATURES.map((name) => [name, fc.constantFrom(...LANDLOCK_LEVELS)]))),
    tcp: fc.constantFrom({}, PORTS, { connect: [] }, { bind: [0] }),
    log: fc.boolean(),
  })
  .map((options) => landlockOf(options as Parameters<typeof landlockOf>[0]));

describe("for every plan", () => {
  test("a kernel is never asked for what its version does not have", () => {
    fc.assert(
      fc.property(landlocks, fc.integer({ min: 0, max: ABI_MAX + 3 }), (landlock, abi) => {
        const [{ fs, net, scoped, restrictFlags }, handled] = [restrictionOn(landlock, abi), handledBy(abi)];
        expect([fs & ~handled.fs, net & ~handled.net, scoped & ~handled.scoped]).toEqual([0, 0, 0]);
        if (!handled.log) expect(restrictFlags).toBe(0);
      }),
    );
  });

  test("files are never handled without the right to rename", () => {
    fc.assert(
      fc.property(landlocks, fc.integer({ min: 0, max: ABI_MAX }), (landlock, abi) => {
        const { fs } = restrictionOn(landlock, abi);
        if (fs !== 0) expect(fs & ACCESS_FS.REFER).not.toBe(0);
      }),
    );
  });

  test("a newer kernel has at least as much in force", () => {
    fc.assert(
      fc.property(landlocks, fc.integer({ min: 1, max: ABI_MAX }), (landlock, abi) => {
        const [older, newer] = [restrictionOn(landlock, abi - 1), restrictionOn(landlock, abi)];
        for (const key of ["fs", "net", "scoped"] as const) expect(older[key] & ~newer[key]).toBe(0);
      }),
    );
  });

  test("the last row of the table is what every newer kernel has in force", () => {
    fc.assert(
      fc.property(landlocks, (landlock) => {
        const rows = restrictions(landlock);
        expect(rows.at(-1)).toEqual(restrictionOn(landlock, ABI_MAX));
        expect(rows).toEqual(rows.map((_, abi) => restrictionOn(landlock, abi)));
      }),
    );
  });
});
