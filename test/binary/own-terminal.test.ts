/**
 * A terminal of the sandbox's own: the payload cannot touch the caller's, and the caller finds it as it was (security.md, rows 7, 14, 15).
 * @module
 */
import { describe, expect, test } from "bun:test";
import { type Caller, describeForCallers, ENVIRONMENT, SHARED_BINARY, testWith } from "../support/callers.ts";
import { eventually, executableOf, pidsWith, stateOf } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { KEYS, type Seat, seat } from "../support/terminal.ts";

const scratch = scratchDirectory();
const VARIANTS: readonly (readonly [name: string, flags: readonly string[]])[] = [
  ["self-contained", []],
  ["supervised", ["--plugin", scratch.plugin("hooked", "started() {}")]],
];

/** A shell at a terminal whose settings are looked at before and after. */
const atShell = (caller: Caller, script: string): Seat => seat([...caller.prefix, "bash", "--norc", "-c", script]);

const run = (flags: readonly string[], ...command: readonly string[]): string =>
  [SHARED_BINARY, "run", ...flags, "--", ...command].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");

const TYPE = `
import fcntl, sys, termios
for request, argument in ((termios.TIOCSTI, b"x"), (termios.TIOCSTI | 1 << 32, b"x")):
    for byte in b"echo typed\\n":
        try: fcntl.ioctl(0, request & 0xffffffff, bytes([byte]))
        except OSError as error: pass
print("tried")`;

describeForCallers("a terminal of its own", (caller) => {
  for (const [name, flags] of VARIANTS) {
    test(`${name}: is the sandbox's, with a name inside, and its size`, async () => {
      await using user = atShell(
        caller,
        `stty cols 93 rows 41; ${run(flags, "sh", "-c", "tty; stty size; ls -l /proc/self/fd/2; ps -o tty= $$ 2>/dev/null; echo done")}`,
      );
      await user.see("/dev/pts/0");
      await user.see("41 93");
      await user.see("-> /dev/pts/0");
      await user.see("done");
    });

    test(`${name}: leaves the caller's settings as they were`, async () => {
      const look = (when: string): string => `echo ${when}:$(stty -g):`;
      await using user = atShell(
        caller,
        [
          look("before"),
          run(flags, "sh", "-c", "stty raw -echo -isig; exit 3"),
          look("exit"),
          run(flags, "sh", "-c", "stty raw; kill -9 $$"),
          look("killed"),
          run(flags, "/no/such/command"),
          look("failed"),
          "echo over",
        ].join("; "),
      );
      await user.see("over");
      const settings = ["before", "exit", "killed", "failed"].map(
        (when) => new RegExp(`${when}:([^:].*?):\\r`).exec(user.shown())?.[1],
      );
      expect(settings[0]).toMatch(/^[0-9a-f:]+$/);
      expect(new Set(settings).size).toBe(1);
    });

    test(`${name}: gives the settings back while it is stopped, and takes them again`, async () => {
      await using shell = seat([...caller.prefix, "bash", "--norc", "--noprofile", "-i"]);
      shell.type("PS1='$ '; stty -echo; echo settings:$(stty -g):\r");
      await shell.see(/settings:[0-9a-f:]+:/);
      const before = /settings:([0-9a-f:]+):\r/.exec(shell.shown())?.[1];
      shell.type(
        `${run(flags, "bash", "-c", "stty -isig -icanon; echo ready; read -rn1 key; echo key:$key; kill -TSTP $$; read -rn1 key; echo again:$key; exit 4")}; echo "status $?"\r`,
      );
      await shell.see("ready");
      await Bun.sleep(100);
      shell.type("k");
      await shell.see("key:k");
      await shell.see("Stopped");
      shell.type("echo settings:$(stty -g):\r");
      await shell.see(`settings:${before}:`);
      shell.type('fg; echo "then $?"\r');
      await Bun.sleep(300);
      shell.type("g");
      await shell.see("again:g");
      await shell.see("then 4");
    });

    test(`${name}: keys and bytes go through untouched`, async () => {
      await using user = atShell(
        caller,
        run(
          flags,
          "sh",
          "-c",
          "stty raw -echo; printf 'ready'; dd bs=1 count=6 2>/dev/null | od -An -tx1; printf '\\033[31mred\\033[0m\\n\\001\\377'; stty sane; echo over",
        ),
      );
      await user.see("ready");
      await Bun.sleep(100);
      user.type("\x03\x1a\x1b[A\x11");
      await user.see("03 1a 1b 5b 41 11");
      await user.see("\x1b[31mred\x1b[0m\n");
      await user.see("over");
      expect(await user.process.exited).toBe(0);
    });

    testWith(["python3"], `${name}: what the payload types is typed inside`, async () => {
      await using user = atShell(
        caller,
        `${run(flags, "python3", "-c", TYPE)}; echo after; sleep 0.3; read -t 0.2 line; echo "read:$line:"`,
      );
      await user.see("tried");
      await user.see("read::");
    });

    test(`${name}: is not made for a job in the background, nor is the caller's taken`, async () => {
      await using shell = seat([...caller.prefix, "bash", "--norc", "--noprofile", "-i"]);
      shell.type("PS1='$ '; stty -echo; echo hello\r");
      await shell.see(/[\r\n]hello/);
      shell.type(
        `${run(flags, "sh", "-c", "echo started; read line; echo line:$line")} & sleep 0.4; echo settings:$(stty -g | cut -d: -f4):\r`,
      );
      await shell.see("started");
      await shell.see(/settings:[0-9a-f]+:/);
      shell.type("echo typed for the shell\r");
      await shell.see("typed for the shell");
      expect(shell.shown()).not.toContain("line:");
      shell.type("fg\r");
      await Bun.sleep(600);
      shell.type("for the job\r");
      await shell.see("line:for the job");
    });
  }

  test("a stopped job is one whose whole foreground group has stopped", async () => {
    const word = `61.${process.pid}${caller.uid}`;
    await using shell = seat([...caller.prefix, "bash", "--norc", "--noprofile", "-i"]);
    shell.type(`PS1='$ '; ${run([], "sh", "-c", `sleep ${word} | cat; exit 0`)}\r`);
    const sleeper = (): number => pidsWith(word).find((pid) => executableOf(pid).endsWith("sleep")) ?? 0;
    expect(await eventually(() => sleeper() > 0)).toBe(true);
    await Bun.sleep(150);
    const pid = sleeper();
    shell.type(KEYS.suspend);
    await shell.see("Stopped");
    expect(stateOf(pid)).toBe("T");
    shell.type("fg\r");
    expect(await eventually(() => stateOf(pid) === "S")).toBe(true);
    await Bun.sleep(100);
    shell.type(KEYS.interrupt);
    expect(await eventually(() => stateOf(pid) === "")).toBe(true);
  });

  test("a signal to the payload's whole group does not leave the sandbox", async () => {
    await using user = atShell(caller, `${run([], "sh", "-c", "kill -TERM 0; sleep 5")}; echo "status $?"; echo alive`);
    await user.see("status 143");
    await user.see("alive");
  });
});

describe("-t", () => {
  const collect = (flags: readonly string[], script: string) =>
    Bun.spawnSync([SHARED_BINARY, "run", ...flags, "--", "sh", "-c", script], {
      cwd: "/",
      env: ENVIRONMENT,
      stdin: "ignore",
    });

  test("gives outputs a terminal where there is none, and lines end as they were written", () => {
    const { stdout } = collect(["-t"], "test -t 1 && test -t 2 && echo terminal; test -t 0 || echo no input");
    expect(stdout.toString()).toBe("terminal\nno input\n");
  });

  test("passes what is written on, to the end", () => {
    expect(collect(["-it"], "head -c 200000 /dev/zero").stdout.length).toBe(200_000);
  });

  test("is not there with --no-tty, at a terminal either", async () => {
    await using user = seat([
      SHARED_BINARY,
      "run",
      "--no-tty",
      "--",
      "sh",
      "-c",
      "test -t 0 || test -t 1 || echo none; tty",
    ]);
    await user.see("none");
    await user.see("not a tty");
  });
});
