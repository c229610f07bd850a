/**
 * Signal state and limits of the payload, whatever those of the caller are (security.md, row 35).
 * @module
 */
import { expect, test } from "bun:test";
import { box, inShell, shell } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";
import { parseStatus } from "../support/processes.ts";

const NONE = "0".repeat(16);
const CLEAN = { SigBlk: NONE, SigIgn: NONE, SigCgt: NONE, SigPnd: NONE, ShdPnd: NONE };
const STATUS = "exec cat /proc/self/status";

const BLOCK_ALL = `
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.execvp(sys.argv[1], sys.argv[1:])`;

/** The sandbox is a child of a shell with that limit: of a chain of execs nobody knows where a limit came from. */
const childOfShell = (before: string): readonly string[] => ["sh", "-c", `${before}; "$@"; exit $?`, "sh"];

describeForCallers("signals", (caller) => {
  test("are at their defaults where the caller ignores some", () => {
    const through = ["bash", "-c", 'trap "" PIPE HUP INT USR1 CHLD TSTP TTOU XFSZ; exec "$@"', "bash"];
    expect(parseStatus(shell(caller, STATUS, { through }))).toMatchObject(CLEAN);
  });

  testWith(["python3"], "are not blocked where the caller blocks all, and an ignored SIGCHLD hangs nothing", () => {
    const through = ["python3", "-c", BLOCK_ALL];
    expect(parseStatus(shell(caller, STATUS, { through }))).toMatchObject(CLEAN);
    expect(parseStatus(shell(caller, STATUS, { through, flags: ["--no-init"] }))).toMatchObject(CLEAN);
    expect(box(caller, ["sh", "-c", "sleep 0.05; exit 7"], { through }).exitCode).toBe(7);
  });
});

describeForCallers("limits", (caller) => {
  test("on open files are the caller's, not those that the runtime raised", () => {
    const through = childOfShell("ulimit -Sn 300");
    expect(shell(caller, "ulimit -Sn", { through })).toBe("300");
    expect(shell(caller, "ulimit -Sn; ulimit -Hn", { through: childOfShell("ulimit -n 256") })).toBe("256\n256");
  });

  test("are those of this run, not of an earlier one", () => {
    for (const limit of ["310", "311"])
      expect(shell(caller, "ulimit -Sn", { through: childOfShell(`ulimit -Sn ${limit}`) })).toBe(limit);
  });

  test("let no core be written; the umask is 022", () => {
    expect(shell(caller, "umask; ulimit -Hc", { through: inShell("umask 077") })).toMatch(/^0022\n[01]$/);
  });
});
