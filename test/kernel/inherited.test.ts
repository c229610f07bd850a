import { describe, expect, test } from "bun:test";
import { CALLERS, type Caller, outcomeOf, printed, runAs, SHARED_BINARY, words } from "../support/sandboxes.ts";

/** The sandbox as a child of a shell of the caller's own, after some preparation in it. */
const afterShell = (caller: Caller, before: string, ...args: readonly string[]): string =>
  outcomeOf([...caller.prefix, "bash", "-c", `${before}; "$@"; exit $?`, "bash", SHARED_BINARY, "run", ...args]).stdout;

describe.each(CALLERS)("what a payload of $name inherits", (caller) => {
  test("no capability in any of the five sets, and no_new_privs", () => {
    const lines = printed(caller, "grep", "-E", "^(Cap|NoNewPrivs)", "/proc/self/status").split("\n");
    expect(lines.filter((line) => line.startsWith("Cap")).map((line) => line.split("\t")[1])).toEqual(
      Array(5).fill("0".repeat(16)),
    );
    expect(lines).toContain("NoNewPrivs:\t1");
  });

  test("the capabilities that were asked for, in all five sets", () => {
    const lines = printed(caller, "--cap-add", "NET_BIND_SERVICE", "grep", "^Cap", "/proc/self/status").split("\n");
    expect(new Set(lines.map((line) => Number.parseInt(line.split("\t")[1] ?? "", 16)))).toEqual(new Set([1 << 10]));
  });

  test("signals at their defaults, whatever the caller ignores", () => {
    const status = afterShell(caller, "trap '' PIPE HUP USR1", "cat", "/proc/self/status");
    expect(status.match(/^Sig(Blk|Ign|Cgt):\t0{16}$/gm)).toHaveLength(3);
  });

  test("a caller that ignores SIGCHLD still hears of the end", () => {
    const script =
      "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])";
    const command = ["timeout", "20", "python3", "-c", script, SHARED_BINARY, "run", "sh", "-c", "exit 6"];
    expect(outcomeOf([...caller.prefix, ...command]).exitCode).toBe(6);
  });

  test("the caller's limit on open files, not the one that the runtime raised", () => {
    expect(afterShell(caller, "ulimit -Sn 300", "sh", "-c", "ulimit -Sn")).toBe("300");
  });

  test("no descriptor but the standard streams", () => {
    // The shell lists its own directory with one more.
    const listed = afterShell(caller, "exec 8</tmp 9</etc/passwd", "sh", "-c", "echo /proc/self/fd/*");
    expect(listed).toBe([0, 1, 2, 3].map((fd) => `/proc/self/fd/${fd}`).join(" "));
  });

  test("a directory on a standard stream is refused", () => {
    const { exitCode, stderr } = outcomeOf(["bash", "-c", '"$@" </tmp', "bash", ...words(caller, "run", "true")]);
    expect(exitCode).toBe(125);
    expect(stderr).toContain("standard stream");
  });

  test("exactly the documented environment", () => {
    const names = printed(caller, "env")
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names.sort()).toEqual(["HOME", "LANG", "LOGNAME", "PATH", "TMPDIR", "USER"]);
    expect(printed(caller, "-e", "NAME=value", "sh", "-c", "echo $NAME")).toBe("value");
  });

  test("its input, its output and its exit status are the caller's", () => {
    const { stdout } = outcomeOf(words(caller, "run", "wc", "-c"), "x".repeat(3_000_000));
    expect(stdout).toBe("3000000");
    expect(runAs(caller, "sh", "-c", "exit 7").exitCode).toBe(7);
    expect(runAs(caller, "sh", "-c", "kill -TERM $$").exitCode).toBe(143);
    expect(runAs(caller, "nosuch").exitCode).toBe(127);
    expect(runAs(caller, "/etc/passwd").exitCode).toBe(126);
    expect(runAs(caller, "--nosuch", "true").exitCode).toBe(125);
  });
});
