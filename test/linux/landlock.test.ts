import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { ABI_MAX, ACCESS_FS, ACCESS_NET, accessNames, handledBy, linuxOf, SCOPE } from "../../src/linux/landlock.ts";

const HEADER = "/usr/include/linux/landlock.h";

describe("Landlock's constants", () => {
  const bitsOf = (prefix: string): Readonly<Record<string, number>> =>
    Object.fromEntries(
      [
        ...readFileSync(HEADER, "utf8").matchAll(
          new RegExp(`#define LANDLOCK_${prefix}(\\w+)\\s+\\(1ULL << (\\d+)\\)`, "g"),
        ),
      ].map(([, name = "", bit]) => [name, 2 ** Number(bit)]),
    );

  const against = existsSync(HEADER) ? test : test.skip;
  against(
    `are those of the kernel's header, as far as it has them${existsSync(HEADER) ? "" : ": no header here"}`,
    () => {
      const inHeader = bitsOf("ACCESS_FS_");
      expect(Object.keys(inHeader).length).toBeGreaterThanOrEqual(14);
      expect(ACCESS_FS).toMatchObject(inHeader);
      for (const [ours, prefix] of [
        [ACCESS_NET, "ACCESS_NET_(?!.*UDP)"],
        [SCOPE, "SCOPE_"],
      ] as const)
        expect(ours as object).toMatchObject(bitsOf(prefix));
    },
  );

  test("have a bit each", () => {
    for (const bits of [ACCESS_FS, ACCESS_NET, SCOPE]) {
      const values = Object.values(bits);
      expect(values).toEqual(values.map((_, index) => 2 ** index));
    }
  });
});

describe("what a version of the ABI handles", () => {
  // From the tables of landlock(7) and of Documentation/userspace-api/landlock.rst.
  test.each([
    [0, 0, 0, 0, false],
    [1, 0x1fff, 0, 0, false],
    [2, 0x3fff, 0, 0, false],
    [3, 0x7fff, 0, 0, false],
    [4, 0x7fff, 3, 0, false],
    [5, 0xffff, 3, 0, false],
    [6, 0xffff, 3, 3, false],
    [7, 0xffff, 3, 3, true],
    [8, 0xffff, 3, 3, true],
    [9, 0x1ffff, 3, 3, true],
    [10, 0x1ffff, 3, 3, true],
    [1000, 0x1ffff, 3, 3, true],
  ])("%d: files %x, ports %x, scopes %x, log %p", (abi, fs, net, scoped, log) => {
    expect(handledBy(abi)).toEqual({ fs, net, scoped, log });
  });

  test("is nothing where the kernel answers with an errno", () => {
    expect(handledBy(-38)).toEqual(handledBy(0));
  });

  test("has a release of Linux", () => {
    expect(Array.from({ length: ABI_MAX }, (_, index) => linuxOf(index + 1))).toEqual([
      "5.13",
      "5.19",
      "6.2",
      "6.7",
      "6.10",
      "6.12",
      "6.15",
      "7.0",
      "7.1",
    ]);
  });
});

test("a mask is read out in the order of its bits", () => {
  expect(accessNames(ACCESS_FS.RESOLVE_UNIX | ACCESS_FS.EXECUTE | ACCESS_FS.READ_DIR)).toEqual([
    "EXECUTE",
    "READ_DIR",
    "RESOLVE_UNIX",
  ]);
  expect(accessNames(0)).toEqual([]);
});
