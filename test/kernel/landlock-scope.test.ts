/**
 * Landlock's scopes: no signal and no connection to an abstract socket leaves the sandbox, where namespaces do not see to it already.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { box, boxed, python, running } from "../support/box.ts";
import { type Caller, describeForCaller, describeForCallers, ENVIRONMENT, SHARED_BINARY } from "../support/callers.ts";
import { testWithAbi } from "../support/landlock.ts";
import { eventually, isAlive } from "../support/processes.ts";
import { seat } from "../support/terminal.ts";

/** A process of the caller's own, outside. */
const victimOf = (caller: Caller): Bun.Subprocess => Bun.spawn([...caller.prefix, "sleep", "60"], { env: ENVIRONMENT });

describeForCallers("signals under Landlock", (caller) => {
  testWithAbi(6, "do not reach the caller's processes, in the host's PID namespace either", async () => {
    const victim = victimOf(caller);
    try {
      const script = `kill -TERM ${victim.pid}; kill -0 ${victim.pid} || echo refused`;
      expect(box(caller, ["sh", "-c", script], { flags: ["--pid", "host"] }).stdout).toBe("refused\n");
      expect(isAlive(victim.pid)).toBe(true);
      // Without Landlock an unprivileged caller's payload is the caller to them.
      if (caller.name === "unprivileged") {
        box(caller, ["kill", "-TERM", String(victim.pid)], { flags: ["--pid", "host", "--landlock", "signal=off"] });
        expect(await eventually(() => !isAlive(victim.pid))).toBe(true);
      }
    } finally {
      victim.kill("SIGKILL");
    }
  });

  testWithAbi(6, "do not reach init", () => {
    const kill = ["sh", "-c", "kill -0 1 && echo may"];
    expect(box(caller, kill).stdout).toBe("");
    expect(box(caller, kill, { flags: ["--landlock", "signal=off"] }).stdout).toBe("may\n");
  });

  test("reach every process of the sandbox, of whatever kind", () => {
    const script = `
trap 'echo child' USR1; (kill -USR1 $$); sleep 60 & kill -TERM $!; wait $!; echo $?
setsid sleep 60 & sleep 0.1; kill -TERM -- -$!; wait $!; echo $?
set -m; sleep 60 & kill -STOP %1; kill -CONT %1; kill -KILL %1; wait $!; echo $?`;
    expect(boxed(caller, ["bash", "-c", script]).split("\n")).toEqual(["child", "143", "143", "137"]);
  });

  test("reach the payload from outside", async () => {
    for (const flags of [[], ["--pid", "host"], ["--no-init"]]) {
      await using sandbox = await running(caller, {
        flags,
        before: 'trap "exit 7" TERM',
        script: "while :; do sleep 0.02; done",
      });
      process.kill(sandbox.pid, "SIGTERM");
      expect(await sandbox.process.exited).toBe(7);
    }
  });
});

/** A shell, and bunker in its process group: without job control nobody has one of its own. */
const jobAtTerminal = (caller: Caller, flags: readonly string[]) => {
  const payload = 'trap "" USR1; kill -USR1 0; echo sent';
  const script = `trap 'echo caught by the caller' USR1; "$@"; echo over`;
  const run = [SHARED_BINARY, "run", ...flags, "--", "sh", "-c", payload];
  return seat([...caller.prefix, "sh", "-c", script, "sh", ...run]);
};

describeForCallers("a payload in the caller's process group, at a terminal", (caller) => {
  testWithAbi(6, "signals nobody outside with kill(0)", async () => {
    await using user = jobAtTerminal(caller, ["--inherit-stdio"]);
    await user.see("sent");
    await user.see("over");
    expect(user.shown()).not.toContain("caught");
    expect(await user.process.exited).toBe(0);
  });
});

describeForCaller(
  "unprivileged",
  "a payload in the caller's process group, at a terminal, without Landlock",
  (caller) => {
    test("signals the caller with kill(0)", async () => {
      await using user = jobAtTerminal(caller, ["--inherit-stdio", "--landlock", "off"]);
      await user.see("caught by the caller");
    });
  },
);

const NAME = `bunker-landlock-${process.pid}`;
let holder: Bun.Subprocess | undefined;

beforeAll(async () => {
  const listen = `import socket, sys
stream = socket.socket(socket.AF_UNIX); stream.bind("\\0${NAME}"); stream.listen()
datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); datagram.bind("\\0${NAME}-d")
print("ready", flush=True); sys.stdin.read()`;
  const child = Bun.spawn(["python3", "-c", listen], { stdin: "pipe", stdout: "pipe" });
  holder = child;
  await child.stdout.getReader().read();
});

afterAll(() => holder?.kill());

const ABSTRACT = `
import errno, json, socket
def outcome(call):
    try: call(); return "ok"
    except OSError as error: return errno.errorcode[error.errno]
def own():
    server = socket.socket(socket.AF_UNIX); server.bind("\\0${NAME}-own"); server.listen()
    socket.socket(socket.AF_UNIX).connect("\\0${NAME}-own")
print(json.dumps([
    outcome(lambda: socket.socket(socket.AF_UNIX).connect("\\0${NAME}")),
    outcome(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", "\\0${NAME}-d")),
    outcome(own)]))`;

describeForCallers("abstract sockets under Landlock", (caller) => {
  testWithAbi(6, "of the host are out of reach, in its network namespace either; of the sandbox they are not", () => {
    const look = (...flags: readonly string[]) => python(caller, ABSTRACT, { flags: ["--network", "host", ...flags] });
    expect(look()).toEqual(["EPERM", "EPERM", "ok"]);
    expect(look("--landlock", "abstract=off")).toEqual(["ok", "ok", "ok"]);
    expect(python(caller, ABSTRACT)).toEqual(["ECONNREFUSED", "ECONNREFUSED", "ok"]);
  });
});
