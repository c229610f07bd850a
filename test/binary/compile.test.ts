/**
 * A compiled sandbox: the same one, without Bunker.
 * @module
 */
import { expect, test } from "bun:test";
import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { ID_POOL_BASE } from "../../src/linux/idpool.ts";
import { bunker } from "../support/binary.ts";
import { box, boxed, running } from "../support/box.ts";
import { CALLERS, type Caller, describeForCallers } from "../support/callers.ts";
import { eventually, isAlive, parseStatus, stateOf, statusOf } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { KEYS, seat } from "../support/terminal.ts";

const scratch = scratchDirectory();
const NONE = "0".repeat(16);
let images = 0;

/** Compiled by whoever runs the tests, for everybody. */
const compile = (command: readonly string[], ...flags: readonly string[]): string => {
  images += 1;
  const image = scratch.at(`image-${images}`);
  const { exitCode, stderr } = bunker(["compile", "-o", image, ...flags, "--", ...command], { cwd: "/" });
  if (exitCode !== 0) throw new Error(stderr);
  return image;
};

/** Runs whatever its arguments are: env(1) becomes what it is told to. */
const anything = compile(["env"]);
const looks = { image: compile(["sh", "-c"]) };
const powerful = compile(["sh", "-c"], "--user", "root", "--cap-add", "ALL");
const open = { image: compile(["sh", "-c"], "--proc", "full") };
const look = (caller: Caller, script: string): string => boxed(caller, [script], looks);

describeForCallers("a compiled sandbox", (caller) => {
  test("has the command, with the arguments of this start appended", () => {
    const image = compile(["printf", "%s|", "one", "two words"]);
    expect(boxed(caller, [], { image })).toBe("one|two words|");
    expect(boxed(caller, ["three", "", "-x", "--"], { image })).toBe("one|two words|three||-x|--|");
  });

  test("is in namespaces of its own, with nothing of the host", () => {
    for (const name of ["user", "pid", "mnt", "net", "ipc", "uts", "cgroup"])
      expect(look(caller, `readlink /proc/self/ns/${name}`)).not.toBe(readlinkSync(`/proc/self/ns/${name}`));
    expect(look(caller, "cd /proc; echo [0-9]*; uname -n; ls /boot /root /var/lib 2>/dev/null | wc -l")).toBe(
      "1 2\nbunker\n0",
    );
  });

  test("is started by whoever starts it, and host root is never mapped", async () => {
    await using sandbox = await running(caller, { image: anything });
    const outside = caller.uid === 0 ? ID_POOL_BASE + sandbox.init : caller.uid;
    expect(statusOf(sandbox.payload, "Uid").split("\t")).toEqual(Array(4).fill(String(outside)));
    const inside = Number(look(caller, "id -u"));
    // Whoever has compiled it: root is somebody without rights, everybody else is itself.
    expect(inside).toBe(caller.uid === 0 ? 1000 : caller.uid);
  });

  test("has the state that a payload of bunker run has", () => {
    const through = ["bash", "-c", 'trap "" PIPE CHLD; exec 9</etc; umask 077; exec "$@"', "bash"];
    const status = parseStatus(
      boxed(caller, ["exec cat /proc/self/status"], { ...looks, through, env: { SECRET: "x" } }),
    );
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "SigBlk", "SigIgn", "SigCgt"])
      expect(status[set]).toBe(NONE);
    expect(status).toMatchObject({ NoNewPrivs: "1", Umask: "0022", Groups: "" });
    // No pipe: the shell would hold its ends for a moment.
    const list = "ls /proc/$$/fd >/tmp/fds; tr '\n' ' ' </tmp/fds; env | grep -c SECRET; true";
    expect(boxed(caller, [list], { ...looks, through })).toMatch(/^0 1 (10 )?2 0$/);
  });

  test("is as closed inside as one of bunker run", () => {
    expect(look(caller, "cat /proc/self/oom_score_adj /proc/sys/user/max_user_namespaces")).toBe("300\n0");
    const through = ["sh", "-c", 'echo 700 >/proc/self/oom_score_adj; exec "$@"', "sh"];
    expect(boxed(caller, ["cat /proc/self/oom_score_adj"], { ...looks, through })).toBe("700");
    const keys = "cut -d' ' -f9- /proc/keys | grep -c . ; grep -c _ses: /proc/keys";
    if (caller.uid === 0) expect(boxed(caller, [keys], open)).toBe("1\n1");
    const script =
      "cat /proc/1/environ /proc/1/maps /proc/1/mem 2>/dev/null | wc -c; readlink /proc/1/exe /proc/1/root; true";
    expect(boxed(caller, [script], { image: powerful })).toBe("0");
  });

  test("has the limit on open files that its caller has", () => {
    const through = ["sh", "-c", 'ulimit -Sn 300; exec "$@"', "sh"];
    expect(boxed(caller, ["ulimit -Sn"], { ...looks, through })).toBe("300");
  });

  test.each([0, 7, 255])("exits with the payload's %d", (status) => {
    expect(box(caller, [`exit ${status}`], looks).exitCode).toBe(status);
  });

  test("exits with 128 and the signal", () => {
    expect(box(caller, ["kill -KILL $$"], looks).exitCode).toBe(137);
    expect(box(caller, ["kill -TERM $$"], looks).exitCode).toBe(143);
  });

  test.each([
    [127, ["no-such-command"], []],
    [127, ["/no/such"], []],
    [126, ["/etc/passwd"], []],
    [125, ["true"], ["-w", "/nowhere"]],
    [125, ["true"], ["--boottime-offset", "-4000000000"]],
  ] as const)("says the same as bunker run, and exits with %d, for %p %p", (status, command, flags) => {
    const compiled = box(caller, [], { image: compile(command, ...flags) });
    const run = box(caller, command, { flags });
    expect([compiled.exitCode, run.exitCode]).toEqual([status, status]);
    // Hints need somebody who looks at the host.
    expect(compiled.stderr.trim()).toBe(run.stderr.split("\n")[0] ?? "");
    expect(compiled.stderr).toStartWith("bunker: error: ");
  });

  test("refuses a directory on a standard stream", () => {
    const through = ["bash", "-c", `exec "$@" <${scratch.path}`, "bash"];
    const { exitCode, stderr } = box(caller, ["true"], { ...looks, through });
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining("is a directory")]);
  });

  test("opens its volumes for root too, and gives them the sandbox's ids", () => {
    const data = scratch.directory(`data-${caller.name}`);
    const image = compile(["sh", "-c"], "-v", `${data}:/data`);
    boxed(caller, ["echo x >/data/file"], { image });
    const { uid } = statSync(`${data}/file`);
    if (caller.uid === 0) expect(uid).toBeGreaterThanOrEqual(ID_POOL_BASE);
    else expect(uid).toBe(caller.uid);
  });

  test("hands signals on, once", async () => {
    await using sandbox = await running(caller, {
      image: anything,
      before: 'trap "exit 9" TERM',
      script: "while :; do sleep 0.02; done",
    });
    process.kill(sandbox.pid, "SIGTERM");
    expect(await sandbox.process.exited).toBe(9);
  });

  test("stops and goes on with its payload", async () => {
    await using sandbox = await running(caller, { image: anything });
    process.kill(sandbox.pid, "SIGTSTP");
    expect(await eventually(() => stateOf(sandbox.pid) === "T" && stateOf(sandbox.payload) === "T")).toBe(true);
    process.kill(sandbox.pid, "SIGCONT");
    expect(await eventually(() => stateOf(sandbox.pid) === "S" && stateOf(sandbox.payload) === "S")).toBe(true);
  });

  test("ends whole with its first process, or with init", async () => {
    for (const victim of ["pid", "init"] as const) {
      await using sandbox = await running(caller, {
        image: anything,
        before: 'trap "" HUP TERM',
        script: "setsid sleep 60 & sleep 60",
      });
      process.kill(sandbox[victim], "SIGKILL");
      expect(await sandbox.process.exited).toBe(137);
      expect(await eventually(() => !isAlive(sandbox.init) && !isAlive(sandbox.payload))).toBe(true);
    }
  });

  test("obeys the keys of a terminal", async () => {
    await using user = seat([
      ...caller.prefix,
      anything,
      "sh",
      "-c",
      'trap "exit 3" INT; echo ready; while :; do sleep 0.02; done',
    ]);
    await user.see("ready");
    await Bun.sleep(50);
    user.type(KEYS.interrupt);
    expect(await user.process.exited).toBe(3);
  });

  test("has no memory and no descriptor that the payload could look at", async () => {
    await using sandbox = await running(caller, { image: anything, env: { SECRET: "x" } });
    expect(
      look(caller, "cat /proc/1/environ /proc/1/maps 2>/dev/null | wc -c; ls /proc/1/fd 2>/dev/null | wc -l"),
    ).toBe("0\n0");
    expect(readFileSync(`/proc/${sandbox.payload}/environ`, "utf8")).not.toContain("SECRET");
  });
});

for (const [title, flags, output, pattern] of [
  ["--hostname", ["--hostname", "named"], "uname -n", /^named$/],
  ["--user root", ["--user", "root"], "id -u", /^0$/],
  ["--cap-add", ["--cap-add", "NET_RAW"], "grep CapEff /proc/self/status", /0000000000002000$/],
  ["--no-init", ["--no-init"], "echo $$", /^1$/],
  ["--boottime-offset", ["--boottime-offset", "1000000000"], "cat /proc/uptime", /^10000/],
  ["--network host", ["--network", "host"], "readlink /proc/self/ns/net", /^net:/],
  ["--tmpfs", ["--tmpfs", "/t:size=64k"], "head -c 99999 /dev/zero 2>/dev/null >/t/f; wc -c </t/f", /^65536$/],
  ["-e", ["-e", "A=b c"], "echo $A", /^b c$/],
] as const)
  test(`a compiled sandbox has what ${title} asked for, for every caller`, () => {
    const image = compile(["sh", "-c", output], ...flags);
    for (const caller of CALLERS) expect(boxed(caller, [], { image })).toMatch(pattern);
  });

test("what needs a supervisor is not compiled, and the plugin is named", () => {
  const output = scratch.at("never");
  const hooked = scratch.plugin("hooked", "started() {}, exited() {}");
  const { exitCode, stderr } = bunker(["compile", "-o", output, "--plugin", hooked, "true"]);
  expect(exitCode).toBe(125);
  expect(stderr).toContain("hooked (started, exited)");
  expect(existsSync(output)).toBe(false);
});

test("a plugin that only plans is compiled like any other", () => {
  const members = 'after: ["env"], *plan() { yield { kind: "environment", name: "FROM_PLUGIN", value: "yes" }; }';
  const image = compile(["sh", "-c", "echo $FROM_PLUGIN"], "--plugin", scratch.plugin("planner", members));
  for (const caller of CALLERS) expect(boxed(caller, [], { image })).toBe("yes");
});
