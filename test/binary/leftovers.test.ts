/**
 * Many sandboxes, one after the other and at once: nothing of them is left.
 * @module
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { box } from "../support/box.ts";
import { describeForCallers, ENVIRONMENT, SHARED_BINARY } from "../support/callers.ts";
import { cacheLeftovers, changes, hostState, remaining } from "../support/host-state.ts";

setDefaultTimeout(60_000);

const WORD = `bunker-test-word-${process.pid}`;
const IN_A_ROW = 200;
const AT_ONCE = 50;

describeForCallers("nothing is left", (caller) => {
  test(`after ${IN_A_ROW} sandboxes in a row`, async () => {
    const before = hostState();
    for (let round = 0; round < IN_A_ROW; round += 1)
      expect(box(caller, ["sh", "-c", "sleep 60 & exit 3", WORD]).exitCode).toBe(3);
    expect(await remaining(before, WORD)).toEqual([]);
    expect(changes(before)).toEqual({});
    expect(cacheLeftovers()).toEqual([]);
  });

  test(`after ${AT_ONCE} at once, each with its own status`, async () => {
    const before = hostState();
    const start = (index: number) =>
      Bun.spawn(
        [
          ...caller.prefix,
          SHARED_BINARY,
          "run",
          "--hostname",
          `box-${index}`,
          "sh",
          "-c",
          `test $(uname -n) = box-${index} && exit ${index}`,
          WORD,
        ],
        {
          cwd: "/",
          env: ENVIRONMENT,
          stdio: ["ignore", "ignore", "ignore"],
        },
      );
    const all = Array.from({ length: AT_ONCE }, (_, index) => start(index));
    const statuses = await Promise.all(all.map(({ exited }) => exited));
    expect(statuses).toEqual(Array.from({ length: AT_ONCE }, (_, index) => index));
    expect(await remaining(before, WORD)).toEqual([]);
    expect(changes(before)).toEqual({});
    expect(cacheLeftovers()).toEqual([]);
  });

  test("of overlays, files, masks and secrets", async () => {
    const before = hostState();
    const flags = [
      ["--overlay", "/usr/share:/o", "--mask", "/usr/bin/env", "--file", "/etc/f=x", "--sysfs"],
      ["--diff", "--overlay", "/usr/share:/o"],
      ["--secret", "x=/etc/hostname", "--ro-file", "/tmp/f=x"],
    ];
    for (let round = 0; round < 30; round += 1)
      expect(box(caller, ["sh", "-c", "exit 3", WORD], { flags: flags[round % 3] ?? [] }).exitCode).toBe(3);
    expect(await remaining(before, WORD)).toEqual([]);
    expect(changes(before)).toEqual({});
    expect(cacheLeftovers()).toEqual([]);
  });

  test("after sandboxes that could not be started", async () => {
    const before = hostState();
    for (const [command, flags] of [
      [["no-such-command", WORD], []],
      [["/etc/passwd", WORD], []],
      [
        ["true", WORD],
        ["-w", "/nowhere"],
      ],
      [
        ["true", WORD],
        ["-v", "/usr:/usr/bin/no/place"],
      ],
      [
        ["true", WORD],
        ["--boottime-offset", "-4000000000"],
      ],
      [
        ["no-such-command", WORD],
        ["--diff", "--overlay", "/usr/share:/o"],
      ],
      [
        ["true", WORD],
        ["--mask", "**/no-such-file"],
      ],
      [
        ["true", WORD],
        ["--secret", "x=/etc"],
      ],
      [
        ["true", WORD],
        ["-v", "/proc/sys:/v:idmap,ro"],
      ],
    ] as const)
      expect(box(caller, command, { flags }).exitCode).toBeGreaterThanOrEqual(125);
    expect(await remaining(before, WORD)).toEqual([]);
    expect(changes(before)).toEqual({});
  });
});
