/**
 * A sandbox at a terminal behaves as the program would without one: keys, job control, size, hang-up.
 * @module
 */
import { expect, test } from "bun:test";
import { type Caller, describeForCallers, SHARED_BINARY } from "../support/callers.ts";
import { eventually, stateOf } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { KEYS, type Seat, seat } from "../support/terminal.ts";

const scratch = scratchDirectory();

/** A plugin with a hook makes bunker stay instead of its monitor. */
const VARIANTS: readonly (readonly [name: string, flags: readonly string[]])[] = [
  ["self-contained", []],
  ["supervised", ["--plugin", scratch.plugin("hooked", "started() {}")]],
];

const atTerminal = (caller: Caller, flags: readonly string[], ...command: readonly string[]): Seat =>
  seat([...caller.prefix, SHARED_BINARY, "run", ...flags, "--", ...command]);

/** A shell at a terminal, with job control. */
const atShell = async (caller: Caller): Promise<Seat> => {
  const shell = seat([...caller.prefix, "bash", "--norc", "--noprofile", "-i"]);
  shell.type("PS1='$ '; stty -echo; echo hello\r");
  await shell.see(/[\r\n]hello/);
  await shell.see("$ ");
  return shell;
};

/** From its first output until bunker's place is taken by its monitor, and everybody has gone to sleep. */
const settled = async (user: Seat): Promise<void> => {
  await user.see("ready");
  await Bun.sleep(150);
};

describeForCallers("a sandbox at a terminal", (caller) => {
  for (const [name, flags] of VARIANTS) {
    const run = [SHARED_BINARY, "run", ...flags, "--"].join(" ");

    test(`${name}: Ctrl-C ends the payload, and the status says so`, async () => {
      await using user = atTerminal(caller, flags, "sh", "-c", "echo ready; exec sleep 60");
      await settled(user);
      user.type(KEYS.interrupt);
      expect(await user.process.exited).toBe(130);
    });

    test(`${name}: Ctrl-C reaches a payload that traps it, once`, async () => {
      const script = 'trap "echo got" INT; trap "exit 3" TERM; echo ready; while :; do sleep 0.02; done';
      await using user = atTerminal(caller, flags, "sh", "-c", script);
      await settled(user);
      user.type(KEYS.interrupt);
      await user.see("got");
      await Bun.sleep(200);
      expect(user.shown().match(/got/g)).toHaveLength(1);
      user.process.kill("SIGTERM");
      expect(await user.process.exited).toBe(3);
    });

    test(`${name}: Ctrl-Z stops the job once, fg goes on with it`, async () => {
      await using shell = await atShell(caller);
      shell.type(`${run} sh -c 'echo ready; read line; echo "line: $line"; exit 5'; echo "status $?"\r`);
      await settled(shell);
      shell.type(KEYS.suspend);
      await shell.see("Stopped");
      await shell.see(/status 14[78]/);
      shell.type("jobs; echo listed\r");
      await shell.see("Stopped");
      await shell.see("listed");
      shell.type('fg; echo "then $?"\r');
      await Bun.sleep(300);
      shell.type("hello\r");
      await shell.see("line: hello");
      await shell.see("then 5");
    });

    test(`${name}: bg goes on in the background, kill ends it`, async () => {
      await using shell = await atShell(caller);
      shell.type(`${run} sh -c 'echo ready; while :; do sleep 0.1; done'\r`);
      await settled(shell);
      shell.type(KEYS.suspend);
      await shell.see("Stopped");
      shell.type('bg; sleep 0.3; jobs; kill %1; wait %1; echo "status $?"\r');
      await shell.see("Running");
      await shell.see("status 143");
    });

    test(`${name}: a payload whose input is no terminal obeys Ctrl-C and Ctrl-Z too`, async () => {
      await using shell = await atShell(caller);
      shell.type(`${run} sh -c 'echo ready; sleep 1; echo slept; exec sleep 60' </dev/null; echo "status $?"\r`);
      await settled(shell);
      shell.type(KEYS.suspend);
      await shell.see("Stopped");
      await Bun.sleep(1100);
      expect(shell.shown()).not.toContain("slept\r");
      shell.type('fg; echo "then $?"\r');
      await shell.see("slept\r");
      shell.type(KEYS.interrupt);
      await shell.see("then 130");
    });

    test(`${name}: a payload that stops itself stops the job`, async () => {
      await using user = atTerminal(caller, flags, "sh", "-c", "echo ready; sleep 0.2; kill -STOP $$; echo on; exit 4");
      await user.see("ready");
      expect(await eventually(() => stateOf(user.process.pid) === "T")).toBe(true);
      user.process.kill("SIGCONT");
      await user.see("on");
      expect(await user.process.exited).toBe(4);
    });

    test(`${name}: a new size of the terminal reaches the payload`, async () => {
      const script = "trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done";
      await using user = atTerminal(caller, flags, "bash", "-c", script);
      await settled(user);
      user.resize(101, 33);
      await user.see("33 101");
    });

    test(`${name}: the end of the terminal ends the sandbox`, async () => {
      await using user = atTerminal(caller, flags, "sh", "-c", "echo ready; exec sleep 60");
      await settled(user);
      user.hangUp();
      expect(await Promise.race([user.process.exited, Bun.sleep(3000)])).toBe(129);
    });
  }

  test("an interactive shell has job control, and keys are its own", async () => {
    await using user = atTerminal(caller, [], "bash", "--norc", "--noprofile", "-i");
    user.type("stty -echo; PS1='# '; echo hello\r");
    await user.see(/[\r\n]hello/);
    await user.see("# ");
    user.type("sleep 60\r");
    await Bun.sleep(200);
    user.type(KEYS.suspend);
    await user.see("Stopped");
    user.type('kill %1; echo "$TERM $(tty) done"\r');
    await user.see(/xterm \S.* done/);
    user.type("sleep 60\r");
    await Bun.sleep(200);
    user.type(KEYS.interrupt);
    user.type("echo survived; exit 12\r");
    await user.see("survived");
    expect(await user.process.exited).toBe(12);
    expect(user.shown()).not.toContain("job control");
    expect(user.shown()).not.toContain("ioctl");
  });

  test("a pipe into a reader that leaves early ends", async () => {
    await using user = seat([...caller.prefix, "sh", "-c", `${SHARED_BINARY} run yes | head -1; echo over`]);
    await user.see("y");
    await user.see("over");
    expect(await user.process.exited).toBe(0);
  });
});
