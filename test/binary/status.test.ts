/**
 * Exit statuses: the payload's, or the ones that a shell has for what went wrong; signals that a process sends.
 * @module
 */
import { expect, test } from "bun:test";
import { box, running } from "../support/box.ts";
import { describeForCallers } from "../support/callers.ts";
import { eventually, stateOf } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const hooked = scratch.plugin("hooked", "started() {}");
scratch.file("bad-interpreter", "#!/no/such/interpreter\n");
scratch.file("not-a-program", "\x7fELF, but not really");

const VARIANTS: readonly (readonly [string, readonly string[]])[] = [
  ["self-contained", []],
  ["supervised", ["--plugin", hooked]],
  ["--no-init", ["--no-init"]],
  ["--pid host", ["--pid", "host"]],
];

describeForCallers("the exit status", (caller) => {
  for (const [name, flags] of VARIANTS)
    test.each([
      [0, "exit 0"],
      [7, "exit 7"],
      [255, "exit 255"],
      [137, "kill -KILL $$"],
      [143, "kill -TERM $$"],
      [139, "kill -SEGV $$"],
    ])(`${name}: %d of %s`, (status, script) => {
      // PID 1 is not killed by its own signals: pid_namespaces(7).
      if (name === "--no-init" && script.startsWith("kill")) return;
      expect(box(caller, ["sh", "-c", script], { flags }).exitCode).toBe(status);
    });

  test.each([
    [127, ["no-such-command"]],
    [127, ["/no/such/command"]],
    [127, ["/etc/passwd/command"]],
    [126, ["/etc/passwd"]],
    [126, ["/usr"]],
    [125, ["--no-such-flag"]],
    [127, [scratch.at("bad-interpreter")]],
    [126, [scratch.at("not-a-program")]],
  ] as const)("%d, and a sentence, for %p", (status, command) => {
    const isFlag = command[0].startsWith("--");
    const { exitCode, stdout, stderr } = isFlag ? box(caller, ["true"], { flags: command }) : box(caller, command);
    expect([exitCode, stdout]).toEqual([status, ""]);
    expect(stderr).toStartWith("bunker: error: ");
  });
});

describeForCallers("a signal to bunker's process", (caller) => {
  for (const [name, flags] of VARIANTS.filter(([variant]) => variant !== "--no-init")) {
    const supervised = name === "supervised";

    test.each(["TERM", "INT", "HUP", "USR1", "USR2", "QUIT"] as const)(
      `${name}: SIG%s reaches a payload that traps it`,
      async (signal) => {
        const [before, script] = [`trap "exit 9" ${signal}`, "while :; do sleep 0.02; done"];
        await using sandbox = await running(caller, { flags, supervised, before, script });
        process.kill(sandbox.pid, `SIG${signal}`);
        expect(await sandbox.process.exited).toBe(9);
      },
    );

    test(`${name}: it ends a payload that does not`, async () => {
      await using sandbox = await running(caller, { flags, supervised });
      process.kill(sandbox.pid, "SIGTERM");
      expect(await sandbox.process.exited).toBe(143);
    });

    test(`${name}: SIGTSTP stops both, SIGCONT goes on with both`, async () => {
      await using sandbox = await running(caller, { flags, supervised });
      process.kill(sandbox.pid, "SIGTSTP");
      expect(await eventually(() => stateOf(sandbox.pid) === "T" && stateOf(sandbox.payload) === "T")).toBe(true);
      process.kill(sandbox.pid, "SIGCONT");
      expect(await eventually(() => stateOf(sandbox.pid) === "S" && stateOf(sandbox.payload) === "S")).toBe(true);
    });
  }
});
