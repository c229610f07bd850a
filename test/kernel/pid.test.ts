/**
 * The PID namespace: own processes, own numbers, own init.
 * @module
 */
import { expect, test } from "bun:test";
import { box, python, running, shell } from "../support/box.ts";
import { describeForCallers, SHARED_BINARY, testWith } from "../support/callers.ts";
import { KERNEL_ABI } from "../support/landlock.ts";
import { eventually, isAlive, pidsWith, statusOf } from "../support/processes.ts";

const numbers = (text: string): number[] => text.trim().split(/\s+/).map(Number);

describeForCallers("the PID namespace", (caller) => {
  test("shows init, the payload and its children, and nothing else", () => {
    const pids = shell(caller, "cd /proc && echo [0-9]*");
    expect(numbers(pids)).toEqual([1, 2]);
    expect(shell(caller, "echo $PPID $$")).toBe("1 2");
  });

  test("is another one than the host's, and PID 1 is an ordinary process outside", async () => {
    await using sandbox = await running(caller);
    expect(numbers(statusOf(sandbox.init, "NSpid"))).toEqual([sandbox.init, 1]);
    expect(numbers(statusOf(sandbox.payload, "NSpid"))).toEqual([sandbox.payload, 2]);
    expect(sandbox.init).toBeGreaterThan(1);
  });

  test("has no number for a process of the host's: none can be signalled", () => {
    const victim = Bun.spawn(["sleep", "60"]);
    try {
      const { stdout } = box(caller, ["sh", "-c", `kill -0 ${victim.pid} 2>/dev/null; echo $?; kill -9 -1; echo $?`]);
      expect(stdout).toStartWith("1\n");
      expect(isAlive(victim.pid)).toBe(true);
    } finally {
      victim.kill();
    }
  });

  test("does not let kill(0) leave the sandbox: the caller's process group is none of the payload's", async () => {
    // A session of its own: what the payload kills by mistake is not the test.
    const script = 'sleep 60 & "$@" -c "kill -KILL 0"; kill -0 $! && echo sibling lives; kill $!';
    const words = ["sh", "-c", script, "sh", SHARED_BINARY, "run", "--", "sh"];
    const group = Bun.spawn([...caller.prefix, "setsid", "--wait", ...words], {
      cwd: "/",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(await new Response(group.stdout).text()).toBe("sibling lives\n");
  });

  test("reaps orphans: a child whose parent is gone leaves no zombie", () => {
    const script = '(sh -c "exit 0" & sh -c "exit 0" &) ; sleep 0.1; cat /proc/[0-9]*/stat';
    const states = shell(caller, script)
      .split("\n")
      .map((line) => /\) (\w)/.exec(line)?.[1]);
    expect(states.length).toBeGreaterThan(1);
    expect(states).not.toContain("Z");
  });

  test("ends with the payload: what it left in the background is killed", async () => {
    const word = `61.${process.pid}${caller.uid}`;
    expect(box(caller, ["sh", "-c", `sleep ${word} & exit 3`]).exitCode).toBe(3);
    expect(await eventually(() => pidsWith(word).length === 0)).toBe(true);
  });
});

describeForCallers("--no-init", (caller) => {
  const flags = ["--no-init"];

  test("makes the payload PID 1", () => {
    expect(shell(caller, "echo $$ $PPID", { flags })).toBe("1 0");
    expect(box(caller, ["sh", "-c", "exit 9"], { flags }).exitCode).toBe(9);
  });

  test("ends with its monitor", async () => {
    await using sandbox = await running(caller, { flags });
    process.kill(sandbox.pid, "SIGKILL");
    expect(await eventually(() => !isAlive(sandbox.payload))).toBe(true);
  });
});

describeForCallers("--pid host", (caller) => {
  const flags = ["--pid", "host"];

  test("shows the host's processes", () => {
    expect(shell(caller, `test -d /proc/${process.pid} && echo seen`, { flags })).toBe("seen");
    expect(box(caller, ["sh", "-c", "exit 4"], { flags }).exitCode).toBe(4);
  });

  test("hands SIGTERM on to the payload", async () => {
    await using sandbox = await running(caller, { flags });
    process.kill(sandbox.pid, "SIGTERM");
    const status = await Promise.race([sandbox.process.exited, Bun.sleep(2000)]);
    expect(status).toBe(143);
  });

  test("ends with its monitor", async () => {
    await using sandbox = await running(caller, { flags });
    process.kill(sandbox.pid, "SIGKILL");
    expect(await eventually(() => !isAlive(sandbox.payload))).toBe(true);
  });

  testWith(["python3"], "gives no right over a process of the host's", () => {
    const script = `import json, os
try: os.kill(${process.pid}, 0); print(json.dumps("may"))
except PermissionError: print(json.dumps("may not"))`;
    // An unprivileged caller's payload is the caller for the kernel: it takes Landlock to keep its signals in.
    if (caller.name === "root" || KERNEL_ABI >= 6) expect(python(caller, script, { flags })).toBe("may not");
  });
});
