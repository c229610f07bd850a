/**
 * A sandbox that was planned before starts from its file, by the front, and is the same sandbox; where anything has changed it is planned
 * anew.
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type BoxOptions, box, running } from "../support/box.ts";
import { describeForCallers, SHARED_BINARY, testWith } from "../support/callers.ts";
import { keptDirectory } from "../support/kept.ts";
import { eventually, isAlive, stateOf } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { KEYS, seat } from "../support/terminal.ts";

const scratch = scratchDirectory();
let lastWord = 0;
/** No other command line has it, so that the first run of each test is a first one. */
const word = (): string => `kept-${process.pid}-${++lastWord}`;

const LOOK = [
  "id; pwd; env | sort; umask; ulimit -Sn; ulimit -Hn; hostname",
  "cat /proc/self/status | grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups|NSpid|Sig)'",
  "for directory in / /etc /dev /tmp /run; do stat -c '%A %U %G %s %N' $directory/*; done",
  "cut -d' ' -f4- /proc/self/mountinfo | sed 's/^[^ ]* //; s/ bunker / /; s/id=[0-9]*//g' | sort",
  "readlink /proc/self/fd/0 /proc/self/fd/1 | sed 's/[0-9]//g'; ls /proc/self/fd; cat /proc/1/cmdline; echo $PPID $$",
].join("\n");

describeForCallers("a kept sandbox", (caller) => {
  const kept = keptDirectory(caller, scratch);
  const options = (more: BoxOptions = {}): BoxOptions => ({ ...more, env: { ...kept.environment, ...more.env } });
  const run = (command: readonly string[], more?: BoxOptions) => box(caller, command, options(more));

  /** Runs it twice. @returns both outcomes, and whether the second was started from the file that the first has left */
  const twice = (command: readonly string[], more?: BoxOptions, between: () => void = () => {}) => {
    const first = run(command, more);
    const before = kept.files();
    between();
    const second = run(command, more);
    return { first, second, started: Bun.deepEquals(kept.files(), before) };
  };

  afterEach(() => {
    if (caller.name === "unprivileged") rmSync(kept.path, { recursive: true, force: true });
  });

  test.each([
    ["without flags", []],
    ["--user root", ["--user", "root"]],
    ["--no-init", ["--no-init"]],
    ["--cap-add", ["--cap-add", "NET_RAW"]],
    ["--network host", ["--network", "host"]],
    ["--hostname", ["--hostname", "kept", "--domainname", "kept"]],
    ["-v and --tmpfs", ["-v", `${scratch.path}:/data:ro`, "--tmpfs", "/t:size=64k"]],
    ["--proc and --sysfs", ["--proc", "full", "--sysfs"]],
    ["--file and --symlink", ["--file", "/etc/f=1", "--ro-file", "/tmp/f=2", "--symlink", "/etc/f:/opt/l"]],
    ["--mask of a path", ["--mask", "/usr/bin/env"]],
    // Root's are idmapped, and that is done anew each time.
    ...(caller.name === "unprivileged" ? ([["--overlay", ["--overlay", "/usr/share:/o"]]] as const) : []),
  ] as const)("is the sandbox that was planned: %s", (_name, flags) => {
    const { first, second, started } = twice(["sh", "-c", LOOK, word()], { flags });
    expect(first.exitCode).toBe(0);
    expect(started).toBe(true);
    expect(second).toEqual(first);
  });

  test.each([
    [0, ["true"]],
    [7, ["sh", "-c", "exit 7"]],
    [143, ["sh", "-c", "kill -TERM $$"]],
  ] as const)("ends as its payload does: %d", (status, command) => {
    const { second, started } = twice([...command, word()]);
    expect([second.exitCode, started]).toEqual([status, true]);
  });

  const secret = scratch.file(`secret-${caller.name}`, "secret");
  test.each([
    ["secrets", ["--secret", `key=${secret}`]],
    ["a pattern of what is hidden", ["-v", `${scratch.path}:/v`, "--mask", `secret-${caller.name}*`]],
    ...(caller.name === "root"
      ? ([
          ["an overlay of root's", ["--overlay", "/usr/share:/o"]],
          ["an idmapped volume", ["-v", "/usr/share:/v:ro,idmap"]],
        ] as const)
      : []),
  ] as const)("is none that has %s", (_name, flags) => {
    const before = kept.files();
    expect(run(["true", word()], { flags }).exitCode).toBe(0);
    expect(kept.files()).toEqual(before);
  });

  test("is planned anew when a path that is hidden is another kind of thing", () => {
    const path = scratch.file(`masked-${caller.name}/key`, "secret");
    const flags = ["-v", `${scratch.at(`masked-${caller.name}`)}:/v`, "--mask", "/v/key"];
    const command = ["sh", "-c", "test -d /v/key && ls -A /v/key || cat /v/key", word()];
    const { first, second, started } = twice(command, { flags }, () => {
      rmSync(path);
      scratch.file(`masked-${caller.name}/key/inner`, "secret");
    });
    expect([first.stdout, second.stdout, started]).toEqual(["", "", false]);
  });

  test("is planned anew for other words, another directory, and other variables that the plan looks at", () => {
    const name = word();
    const before = kept.files();
    for (const [words, more] of [
      [["echo", name], {}],
      [["echo", name, ""], {}],
      [["echo", `${name} `], {}],
      [["echo", name], { cwd: scratch.path }],
    ] as const)
      expect(run(words, more).exitCode).toBe(0);
    const made = Object.keys(kept.files()).length - Object.keys(before).length;
    // Old files make room for new ones.
    if (caller.name === "unprivileged") expect(made).toBe(4);
    const { started } = twice(["echo", name], { env: { TERM: "vt100" } });
    expect(started).toBe(true);
    const here = kept.files();
    expect(run(["echo", name]).stdout).toBe(`${name}\n`);
    expect(kept.files()).not.toEqual(here);
  });

  test("is planned anew when the limit on open files is another", () => {
    const words = ["sh", "-c", "ulimit -Sn; ulimit -Hn", word()];
    const limited = (limit: number) => run(words, { through: ["sh", "-c", `ulimit -n ${limit}; exec "$@"`, "sh"] });
    for (const limit of [512, 512, 256, 512]) expect(limited(limit).stdout).toBe(`${limit}\n${limit}\n`);
  });

  test("is planned anew when a path is another kind of thing", () => {
    const source = scratch.directory(`source-${caller.name}`);
    const command = ["sh", "-c", "test -d /data && echo directory || echo file", word()];
    const { first, second, started } = twice(command, { flags: ["-v", `${source}:/data`] }, () => {
      rmSync(source, { recursive: true });
      writeFileSync(source, "");
    });
    expect([first.stdout, second.stdout, started]).toEqual(["directory\n", "file\n", false]);
  });

  test("is planned anew when a link leads elsewhere", () => {
    for (const name of ["one", "other"]) scratch.file(`${name}-${caller.name}/name`, `${name}\n`);
    const link = scratch.at(`link-${caller.name}`);
    symlinkSync(`one-${caller.name}`, link);
    const { first, second, started } = twice(
      ["cat", "/data/name", word()].slice(0, 2),
      { flags: ["-v", `${link}:/data`] },
      () => {
        rmSync(link);
        symlinkSync(`other-${caller.name}`, link);
      },
    );
    expect([first.stdout, second.stdout, started]).toEqual(["one\n", "other\n", false]);
  });

  test("is of one binary alone", () => {
    const [binary, aside] = [scratch.at(`bunker-${caller.name}`), scratch.at(`aside-${caller.name}`)];
    copyFileSync(SHARED_BINARY, binary);
    const command = ["echo", word()];
    const image = binary;
    const start = () =>
      Bun.spawnSync([...caller.prefix, image, "run", ...command], {
        cwd: "/",
        env: { PATH: process.env.PATH, ...kept.environment },
      });
    expect(start().exitCode).toBe(0);
    const before = kept.files();
    expect(start().exitCode).toBe(0);
    expect(kept.files()).toEqual(before);
    // The same bytes at the same path are not the same file.
    copyFileSync(binary, aside);
    renameSync(aside, binary);
    chmodSync(binary, 0o755);
    expect(start().exitCode).toBe(0);
    expect(kept.files()).not.toEqual(before);
    rmSync(binary);
  });

  test("is not what BUN_BE_BUN asks for", () => {
    const name = scratch.file(
      `bun-${caller.name}.js`,
      "console.log(process.versions.bun !== undefined, process.pid > 2)",
    );
    expect(twice([name]).second.stdout).toBe("true false\n");
    expect(run([name], { env: { BUN_BE_BUN: "1" } }).stdout).not.toBe("true false\n");
  });

  test("that fails to start is explained", () => {
    const program = scratch.file(`gone-${caller.name}/program`, "#!/bin/sh\nexit 4\n");
    const flags = ["-v", `${scratch.at(`gone-${caller.name}`)}:/gone:ro`];
    const { first, second } = twice(["/gone/program"], { flags }, () => rmSync(program));
    expect(first.exitCode).toBe(4);
    expect(second.exitCode).toBe(127);
    expect(second.stderr).toContain("/gone/program");
  });

  test("is not read from a directory or a file that others may write to", () => {
    const command = ["echo", word()];
    const { started } = twice(command, {}, () => {
      for (const name of Object.keys(kept.files())) chmodSync(`${kept.path}/${name}`, 0o660);
    });
    expect(started).toBe(false);
    if (caller.name === "root") return;
    const before = kept.files();
    chmodSync(kept.path, 0o770);
    expect(run(command).exitCode).toBe(0);
    expect(kept.files()).toEqual(before);
    chmodSync(kept.path, 0o700);
  });

  test.each([0, 1, 40, 200, 3000])("whose file was cut to %d bytes is planned anew", (size) => {
    const command = ["echo", word()];
    const { second, started } = twice(command, {}, () => {
      for (const name of Object.keys(kept.files())) truncateSync(`${kept.path}/${name}`, size);
    });
    expect([second.stdout, started]).toEqual([`${command[1]}\n`, false]);
  });

  test("has streams where the caller has none", () => {
    for (const closed of ["0<&-", "1>&-", "0<&- 1>&- 2>&-"]) {
      const report = scratch.file(`closed-${caller.name}-${closed.length}`, "");
      const script = "for fd in 0 1 2 3 4 5 6; do readlink /proc/$$/fd/$fd; done >/report 2>&1; exit 4";
      const through = ["bash", "-c", `"$@" ${closed}; exit $?`, "bash"];
      const more = { through, flags: ["-v", `${report}:/report`] };
      const { second, started } = twice(["sh", "-c", script, word()], more);
      expect([second.exitCode, started]).toEqual([4, true]);
    }
  });

  test("hands signals on, stops and goes on with its payload, and ends with its monitor", async () => {
    for (const round of ["planned", "kept"]) {
      const script = `exec sleep 60; : ${process.pid}`;
      await using sandbox = await running(caller, { ...options(), script });
      process.kill(sandbox.pid, "SIGTSTP");
      expect(await eventually(() => stateOf(sandbox.pid) === "T" && stateOf(sandbox.payload) === "T")).toBe(true);
      process.kill(sandbox.pid, "SIGCONT");
      expect(await eventually(() => stateOf(sandbox.pid) === "S" && stateOf(sandbox.payload) === "S")).toBe(true);
      process.kill(sandbox.pid, round === "kept" ? "SIGKILL" : "SIGTERM");
      expect(await sandbox.process.exited).toBe(round === "kept" ? 137 : 143);
      expect(await eventually(() => ![sandbox.init, sandbox.payload].some(isAlive))).toBe(true);
    }
  });

  test("obeys the keys of a terminal", async () => {
    const script = `trap "exit 3" INT; echo ready; while :; do sleep 0.02; done; : ${process.pid}`;
    for (const _round of ["planned", "kept"]) {
      await using user = seat([
        ...caller.prefix,
        "env",
        `XDG_RUNTIME_DIR=${kept.environment.XDG_RUNTIME_DIR}`,
        SHARED_BINARY,
        "run",
        "sh",
        "-c",
        script,
      ]);
      await user.see("ready");
      await Bun.sleep(150);
      user.type(KEYS.interrupt);
      expect(await user.process.exited).toBe(3);
    }
  });

  testWith(["strace"], "needs no runtime: one process outside, and no thread", () => {
    const command = ["true", word()];
    run(command);
    const log = scratch.file(`trace-${caller.name}`, "");
    run(command, { through: ["strace", "-f", "-o", log, "-e", "trace=clone,clone3,fork,vfork"] });
    const { stdout } = Bun.spawnSync(["grep", "-c", "clone", log]);
    // The launcher, and the payload behind it: what vfork interrupts has two lines.
    expect(Number(stdout.toString())).toBeLessThanOrEqual(4);
  });
});

test("a runtime directory that is a link is not used", () => {
  const directory = scratch.at("linked");
  mkdirSync(directory, { mode: 0o700 });
  mkdirSync(scratch.at("elsewhere"), { mode: 0o700 });
  symlinkSync(scratch.at("elsewhere"), `${directory}/bunker`);
  if (process.getuid?.() !== 0)
    Bun.spawnSync([SHARED_BINARY, "run", "true"], {
      cwd: "/",
      env: { PATH: process.env.PATH, XDG_RUNTIME_DIR: directory },
    });
  expect(Bun.spawnSync(["ls", scratch.at("elsewhere")]).stdout.toString()).toBe("");
});
