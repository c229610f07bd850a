/**
 * What a running sandbox costs, and an image.
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { running } from "../support/box.ts";
import { describeForCallers, ENVIRONMENT, SHARED_BINARY } from "../support/callers.ts";
import { childrenOf, eventually, executableOf } from "../support/processes.ts";

const pssKib = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? Number.NaN);

describeForCallers("an idle sandbox", (caller) => {
  test("costs at most 64 KiB, monitor and init together", async () => {
    await using sandbox = await running(caller);
    expect(pssKib(sandbox.pid) + pssKib(sandbox.init)).toBeLessThanOrEqual(64);
  });

  test("is one process outside of the sandbox, with three descriptors and a signalfd", async () => {
    await using sandbox = await running(caller);
    const { stdout } = Bun.spawnSync(["ls", `/proc/${sandbox.pid}/fd`]);
    expect(stdout.toString().trim().split("\n")).toHaveLength(4);
  });

  test.each(["/bin/sleep", "sleep"])(
    "has an image of at most 10 KiB for a plan without wishes: %s",
    async (command) => {
      const words = [...caller.prefix, SHARED_BINARY, "run", "--", command, "60"];
      const child = Bun.spawn(words, { cwd: "/", env: ENVIRONMENT, stdio: ["ignore", "ignore", "inherit"] });
      const init = (): number => childrenOf(child.pid)[0] ?? 0;
      try {
        expect(await eventually(() => executableOf(init()).startsWith("/memfd:bunker"))).toBe(true);
        expect(statSync(`/proc/${init()}/exe`).size).toBeLessThanOrEqual(10 * 1024);
      } finally {
        child.kill("SIGKILL");
      }
    },
  );

  test("shows the words that were typed", async () => {
    await using sandbox = await running(caller, { flags: ["--hostname", "named"] });
    // An execve changes the file first, and then the words.
    const shown = (): readonly string[] => readFileSync(`/proc/${sandbox.pid}/cmdline`, "utf8").split("\0");
    expect(await eventually(() => shown().length > 1)).toBe(true);
    const [name, ...words] = shown();
    expect(name).toEndWith("bunker");
    expect(words.slice(0, 5)).toEqual(["run", "--hostname", "named", "--", "sh"]);
  });
});
