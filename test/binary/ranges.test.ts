/**
 * The lock of a sandbox's ids: held for as long as anybody has them, by monitor and init alone, and gone with them.
 * @module
 */
import { expect, test } from "bun:test";
import { ID_RANGE_IDS } from "../../src/linux/idpool.ts";
import { describeForMember } from "../support/accounts.ts";
import { box, boxed, type Running, running } from "../support/box.ts";
import { type Caller, describeForCaller, ENVIRONMENT, SHARED_BINARY } from "../support/callers.ts";
import { cacheLeftovers, changes, hostState, remaining } from "../support/host-state.ts";
import { allPids, eventually, isAlive, openFilesOf, statusOf } from "../support/processes.ts";
import { LOCK_FILE, lockedRanges } from "../support/ranges.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const AUTO = ["--userns", "auto"];
const AT_ONCE = 20;
const WORD = `bunker-test-ranges-${process.pid}`;

const uidOf = (pid: number): number => Number(statusOf(pid, "Uid").split("\t")[0]);
/** Of the sandbox's range. */
const baseOf = ({ payload }: Running): number => Math.floor(uidOf(payload) / ID_RANGE_IDS) * ID_RANGE_IDS;

const hasOpen = (pid: number): boolean => openFilesOf(pid).includes(LOCK_FILE);

const isGivenBack = (base: number): Promise<boolean> => eventually(() => !lockedRanges().includes(base));
/** Processes that run, or still could. */
const withIdsOf = (base: number): readonly number[] =>
  allPids().filter((pid) => isAlive(pid) && Math.floor(uidOf(pid) / ID_RANGE_IDS) * ID_RANGE_IDS === base);

describeForCaller("root", "the lock of a range", (caller) => {
  test("is held by monitor and init, and by nobody inside", async () => {
    await using sandbox = await running(caller, { flags: AUTO });
    expect([sandbox.pid, sandbox.init, sandbox.payload].map(hasOpen)).toEqual([true, true, false]);
    expect(lockedRanges()).toContain(baseOf(sandbox));
  });

  test("is held by the monitor alone where there is no init", async () => {
    await using sandbox = await running(caller, { flags: [...AUTO, "--no-init"] });
    expect([sandbox.pid, sandbox.payload].map(hasOpen)).toEqual([true, false]);
    expect(lockedRanges()).toContain(baseOf(sandbox));
  });

  test("is held by a supervisor, and by init", async () => {
    const plugin = scratch.plugin("supervised", "created() {}");
    await using sandbox = await running(caller, { flags: [...AUTO, "--plugin", plugin], supervised: true });
    expect([sandbox.pid, sandbox.init, sandbox.payload].map(hasOpen)).toEqual([true, true, false]);
    expect(lockedRanges()).toContain(baseOf(sandbox));
  });

  test.each([
    ["its payload", []],
    ["its payload, without an init", ["--no-init"]],
  ] as const)("is given back with the end of %s", async (_label, flags) => {
    await using sandbox = await running(caller, { flags: [...AUTO, ...flags] });
    const base = baseOf(sandbox);
    process.kill(sandbox.payload, "SIGKILL");
    expect(await sandbox.process.exited).toBe(137);
    expect(lockedRanges()).not.toContain(base);
    expect(withIdsOf(base)).toEqual([]);
  });

  test.each(["init", "pid"] as const)(
    "is given back when %s is killed, and no process has the ids then",
    async (who) => {
      await using sandbox = await running(caller, { flags: AUTO, before: "sleep 60 & setsid sleep 60 & :" });
      const base = baseOf(sandbox);
      process.kill(sandbox[who], "SIGKILL");
      // Without a pause: whoever takes the lock in the next moment must find nobody.
      while (lockedRanges().includes(base));
      expect(withIdsOf(base)).toEqual([]);
      expect(isAlive(sandbox.payload)).toBe(false);
    },
  );

  test("is given back by a sandbox that could not start", () => {
    const before = lockedRanges();
    for (const [command, flags] of [
      ["no-such-command", []],
      ["true", ["-w", "/nowhere"]],
      ["true", ["-v", "/usr:/usr/bin/no/place"]],
    ] as const)
      expect(box(caller, [command], { flags: [...AUTO, ...flags] }).exitCode).toBeGreaterThanOrEqual(125);
    expect(lockedRanges()).toEqual(before);
  });

  test(`is another one for each of ${AT_ONCE} at once, and nothing of them is left`, async () => {
    const before = hostState();
    const sandboxes = await Promise.all(Array.from({ length: AT_ONCE }, () => running(caller, { flags: AUTO })));
    const bases = sandboxes.map(baseOf);
    expect(new Set(bases).size).toBe(AT_ONCE);
    for (const base of bases) expect(lockedRanges()).toContain(base);
    await Promise.all(sandboxes.map((sandbox) => sandbox[Symbol.asyncDispose]()));
    expect(await remaining(before, WORD)).toEqual([]);
    expect(changes(before)).toEqual({});
    expect(cacheLeftovers()).toEqual([]);
    for (const base of bases) expect(await isGivenBack(base)).toBe(true);
  });

  test("is in a directory that nobody else can enter", () => {
    boxed(caller, ["true"], { flags: AUTO });
    const stranger = Bun.spawnSync(["setpriv", "--reuid=61234", "--regid=61234", "--clear-groups", "stat", LOCK_FILE], {
      env: ENVIRONMENT,
    });
    expect(stranger.stderr.toString()).toContain("Permission denied");
  });
});

const statuses = async (caller: Caller, flags: readonly string[]): Promise<readonly number[]> => {
  const start = (index: number) =>
    Bun.spawn([...caller.prefix, SHARED_BINARY, "run", ...flags, "sh", "-c", `exit ${index}`, WORD], {
      cwd: "/",
      env: ENVIRONMENT,
      stdio: ["ignore", "ignore", "ignore"],
    });
  return Promise.all(Array.from({ length: AT_ONCE }, (_, index) => start(index).exited));
};

describeForMember("a range through the helpers", (caller) => {
  test(`is there for ${AT_ONCE} at once, and nothing of them is left`, async () => {
    const before = hostState();
    expect(await statuses(caller, AUTO)).toEqual(Array.from({ length: AT_ONCE }, (_, index) => index));
    expect(await remaining(before, WORD)).toEqual([]);
    expect(changes(before)).toEqual({});
  });

  test("leaves no launcher behind where a helper fails", async () => {
    const before = hostState();
    const through = ["setpriv", "--no-new-privs", "--"];
    expect(box(caller, ["true", WORD], { flags: AUTO, through }).exitCode).toBe(125);
    expect(await remaining(before, WORD)).toEqual([]);
    expect(changes(before)).toEqual({});
  });
});
