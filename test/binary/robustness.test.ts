import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { childrenOf, eventually, pidsWith } from "../support/host-processes.ts";
import { CALLERS, outcomeOf, runAs, SCRATCH, start, words } from "../support/sandboxes.ts";

setDefaultTimeout(60_000);

/** A word that only the processes of these tests have among their arguments. */
const MARK = `bunker-test-${process.pid}`;
const marked = (script: string): readonly string[] => ["sh", "-c", script, MARK];
const mounts = (): string => readFileSync("/proc/self/mountinfo", "utf8");

afterAll(async () => {
  expect(await eventually(() => pidsWith(MARK).length === 0)).toBe(true);
});

describe.each(CALLERS)("sandboxes of $name leave nothing behind", (caller) => {
  test("after 100 in a row and 50 at once", async () => {
    const before = { mounts: mounts(), shm: readdirSync("/dev/shm"), fds: readdirSync("/proc/self/fd").length };
    for (let round = 0; round < 100; round += 1) expect(runAs(caller, ...marked("exit 3")).exitCode).toBe(3);
    const many = Array.from({ length: 50 }, () => start(caller, ...marked("echo $$; exit 4")));
    expect(await Promise.all(many.map(({ exited }) => exited))).toEqual(Array(50).fill(4));
    expect(await eventually(() => pidsWith(MARK).length === 0)).toBe(true);
    expect(mounts()).toBe(before.mounts);
    expect(readdirSync("/dev/shm")).toEqual(before.shm);
    expect(readdirSync("/proc/self/fd").length).toBeLessThan(before.fds + 110);
  });

  test("when the process is killed at any moment", async () => {
    for (let round = 0; round < 60; round += 1) {
      const sandbox = start(caller, ...marked("sleep 100 & exec sleep 100"));
      await Bun.sleep(round);
      sandbox.kill("SIGKILL");
      await sandbox.exited;
    }
    expect(await eventually(() => pidsWith(MARK).length === 0)).toBe(true);
  });

  test("when the monitor is killed, or init", async () => {
    for (const victim of ["monitor", "init"] as const) {
      const sandbox = start(caller, ...marked("setsid sleep 100 & sleep 100"));
      await eventually(() => childrenOf(sandbox.pid).some((init) => childrenOf(init).length > 0));
      const [init = 0] = childrenOf(sandbox.pid);
      process.kill(victim === "init" ? init : sandbox.pid, "SIGKILL");
      expect(await sandbox.exited).toBe(137);
      expect(await eventually(() => pidsWith(MARK).length === 0)).toBe(true);
    }
  });

  test("when a sandbox with hooks loses its supervisor", async () => {
    const plugin = `${SCRATCH}/hook-${caller.name}.ts`;
    writeFileSync(
      plugin,
      'import { definePlugin } from "bunker";\nexport default definePlugin({ name: "hooked", summary: "has a hook", started() {} });\n',
    );
    expect(runAs(caller, "--plugin", plugin, "sh", "-c", "exit 5").exitCode).toBe(5);
    const sandbox = start(caller, "--plugin", plugin, ...marked("sleep 100"));
    await eventually(() => childrenOf(sandbox.pid).some((init) => childrenOf(init).length > 0));
    sandbox.kill("SIGKILL");
    await sandbox.exited;
    expect(await eventually(() => pidsWith(MARK).length === 0)).toBe(true);
  });

  test("a signal to the process reaches the payload once", async () => {
    const sandbox = start(caller, ...marked("trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.02; done"));
    const reader = sandbox.stdout.getReader();
    await reader.read();
    await Bun.sleep(100);
    sandbox.kill("SIGTERM");
    expect(await sandbox.exited).toBe(9);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("got\n");
  });

  test("monitor and init are small: at most 64 KiB together", async () => {
    const sandbox = start(caller, ...marked("sleep 100"));
    await eventually(() => childrenOf(sandbox.pid).some((init) => childrenOf(init).length > 0));
    await Bun.sleep(100);
    const pssKib = (pid: number): number =>
      Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? Number.NaN);
    const [init = 0] = childrenOf(sandbox.pid);
    expect(pssKib(sandbox.pid) + pssKib(init)).toBeLessThanOrEqual(64);
    sandbox.kill("SIGKILL");
    await sandbox.exited;
  });
});

describe.each(CALLERS)("a compiled sandbox of $name", (caller) => {
  const file = `/tmp/${MARK}-${caller.name}`;

  test("is an executable with the ids of whoever runs it, and its arguments behind the command's", () => {
    const compile = words(caller, "compile", "-o", file, "--", "sh", "-c", 'id -u; echo "$@"', "sh", "one");
    expect(outcomeOf(compile)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    const uid = caller.uid === 0 ? 1000 : caller.uid;
    expect(outcomeOf([...caller.prefix, file, "two"]).stdout).toBe(`${uid}\none two`);
    for (const other of CALLERS) {
      expect(outcomeOf([...other.prefix, file]).stdout.split("\n")[0]).toBe(
        String(caller.uid === 0 ? 1000 : other.uid || 1000),
      );
    }
  });

  test("says the same sentence about an error, with the same status", () => {
    outcomeOf(words(caller, "compile", "-o", file, "nosuch"));
    expect(outcomeOf([...caller.prefix, file])).toEqual({
      exitCode: 127,
      stdout: "",
      stderr: 'bunker: error: "nosuch": command not found',
    });
  });

  test("ends with its first process", async () => {
    outcomeOf(words(caller, "compile", "-o", file, ...marked("sleep 100")));
    const sandbox = Bun.spawn([...caller.prefix, file], { stdout: "ignore", stderr: "ignore" });
    await eventually(() => childrenOf(sandbox.pid).some((init) => childrenOf(init).length > 0));
    sandbox.kill("SIGKILL");
    await sandbox.exited;
    expect(await eventually(() => pidsWith(MARK).length === 0)).toBe(true);
    outcomeOf(["rm", "-f", file]);
  });
});
