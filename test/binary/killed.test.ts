/**
 * SIGKILL of any of its processes, at any moment, ends a sandbox whole (security.md, row 31).
 * @module
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { box, running } from "../support/box.ts";
import { type Caller, describeForCallers, ENVIRONMENT, SHARED_BINARY, testWith } from "../support/callers.ts";
import { changes, hostState, remaining } from "../support/host-state.ts";
import { childrenOf, eventually, isAlive, pidsWith } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";

setDefaultTimeout(60_000);

const scratch = scratchDirectory();
const hooked = scratch.plugin("hooked", "created() {}, started() {}, exited() {}");
const WORD = `bunker-test-word-${process.pid}`;
/** Nothing in it ends by itself: neither on a closed input nor by a hang-up. */
const STUBBORN = 'trap "" HUP INT TERM; setsid sleep 60 & sleep 60 & while :; do sleep 1; done';

const ROUNDS = 100;
/** Longer than any start takes: from the dynamic linker to the running monitor. */
const SPREAD_MS = 40;

/** How late a launcher is made to be: long enough for a SIGKILL in between. */
const LATE_US = 1_500_000;

const killedAt = async (command: readonly string[], afterMs: number): Promise<void> => {
  const child = Bun.spawn([...command], { cwd: "/", env: ENVIRONMENT, stdio: ["ignore", "ignore", "ignore"] });
  await Bun.sleep(afterMs);
  child.kill("SIGKILL");
  await child.exited;
};

const run = (caller: Caller, ...flags: readonly string[]): readonly string[] => [
  ...caller.prefix,
  SHARED_BINARY,
  "run",
  ...flags,
  "--",
  "sh",
  "-c",
  STUBBORN,
  WORD,
];

describeForCallers("nothing survives SIGKILL", (caller) => {
  test.each([
    ["a self-contained sandbox", [], ROUNDS],
    ["a sandbox with hooks", ["--plugin", hooked], ROUNDS / 2],
    ["--no-init", ["--no-init"], ROUNDS / 4],
    ["an overlay with --diff", ["--diff", "--overlay", "/usr/share:/o", "--file", "/f=x"], ROUNDS / 4],
    ["secrets", ["--secret", "x=/etc/hostname"], ROUNDS / 4],
  ] as const)("of bunker's process at any moment of a start: %s", async (_name, flags, rounds) => {
    const before = hostState();
    for (let round = 0; round < rounds; round += 1) await killedAt(run(caller, ...flags), Math.random() * SPREAD_MS);
    expect(await remaining(before, WORD)).toEqual([]);
    expect(changes(before)).toEqual({});
  });

  // Without an init nobody looks at the lifeline later on.
  for (const [name, flags] of [
    ["--no-init", ["--no-init"]],
    ["self-contained", []],
  ] as const)
    testWith(["strace"], `of bunker's process before the parent-death signal is armed: ${name}`, async () => {
      const before = hostState();
      const trace = ["strace", "-f", "-o", "/dev/null", "-e", "trace=fsopen"];
      const late = ["-e", `inject=fsopen:delay_enter=${LATE_US}`];
      const tracer = Bun.spawn([...trace, ...late, ...run(caller, ...flags)], { cwd: "/", env: ENVIRONMENT });
      const bunker = (): number => childrenOf(tracer.pid)[0] ?? 0;
      expect(await eventually(() => childrenOf(bunker()).length > 0)).toBe(true);
      await Bun.sleep(200);
      process.kill(bunker(), "SIGKILL");
      await Bun.sleep(LATE_US / 1000);
      const left = await remaining(before, WORD);
      for (const pid of pidsWith(WORD).filter(isAlive)) process.kill(pid, "SIGKILL");
      tracer.kill();
      expect(left).toEqual([]);
    });

  for (const [name, flags, supervised] of [
    ["self-contained", [], false],
    ["supervised", ["--plugin", hooked], true],
    ["--pid host", ["--pid", "host"], false],
  ] as const) {
    test(`of the process outside, ${name}`, async () => {
      const before = hostState();
      await using sandbox = await running(caller, { flags, supervised, before: 'trap "" TERM HUP' });
      process.kill(sandbox.pid, "SIGKILL");
      expect(await sandbox.process.exited).toBe(137);
      expect(await remaining(before, WORD)).toEqual([]);
      // The kernel takes init's memory first, and then waits for everybody in its namespace.
      expect(await eventually(() => ![sandbox.init, sandbox.payload].some(isAlive))).toBe(true);
    });

    test(`of init, ${name}`, async () => {
      await using sandbox = await running(caller, { flags, supervised });
      process.kill(sandbox.init, "SIGKILL");
      expect(await sandbox.process.exited).toBe(137);
      // Without a PID namespace nothing but init would end the payload, and init is gone.
      if (name !== "--pid host") expect(isAlive(sandbox.payload)).toBe(false);
    });

    test(`of the payload, ${name}`, async () => {
      await using sandbox = await running(caller, { flags, supervised });
      process.kill(sandbox.payload, "SIGKILL");
      expect(await sandbox.process.exited).toBe(137);
      expect(isAlive(sandbox.init)).toBe(false);
    });
  }

  test("of the stopped process outside", async () => {
    const before = hostState();
    await using sandbox = await running(caller);
    process.kill(sandbox.pid, "SIGSTOP");
    process.kill(sandbox.pid, "SIGKILL");
    expect(await sandbox.process.exited).toBe(137);
    expect(await remaining(before, WORD)).toEqual([]);
  });

  test("of a compiled one at any moment of a start", async () => {
    const before = hostState();
    const image = scratch.at(`image-${caller.name}`);
    const compile = [SHARED_BINARY, "compile", "-o", image, "--", "sh", "-c", STUBBORN, WORD];
    expect(Bun.spawnSync(compile, { cwd: "/" }).exitCode).toBe(0);
    for (let round = 0; round < ROUNDS; round += 1)
      await killedAt([...caller.prefix, image], (Math.random() * SPREAD_MS) / 4);
    expect(await remaining(before, WORD)).toEqual([]);
  });

  test("and a later sandbox starts as if nothing had been", () => {
    expect(box(caller, ["sh", "-c", "exit 5"]).exitCode).toBe(5);
  });
});
