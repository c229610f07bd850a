/**
 * What of the caller's words and memory reaches the payload: nothing that was not asked for (security.md, row 27).
 * @module
 */
import { expect, test } from "bun:test";
import { box, boxed, python, shell } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";

const LOOK_AT_STACK = `
import json
span = next(line for line in open("/proc/self/maps") if "[stack]" in line).split()[0]
start, end = (int(part, 16) for part in span.split("-"))
memory = open("/proc/self/mem", "rb"); memory.seek(start)
print(json.dumps((b"sec" + b"ret-value") in memory.read(end - start)))`;

describeForCallers("the environment", (caller) => {
  const user = caller.name === "root" ? "sandbox" : boxed(caller, ["sh", "-c", "echo $USER"]);

  test("is exactly what is documented", () => {
    const env = { SECRET: "x", LD_PRELOAD: "/nonexistent.so", PATH: "/usr/bin:/bin", TERM: "xterm", LANG: "de_DE" };
    expect(boxed(caller, ["env"], { env }).split("\n").sort()).toEqual([
      `HOME=/home/${user}`,
      "LANG=C.UTF-8",
      `LOGNAME=${user}`,
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "TMPDIR=/tmp",
      `USER=${user}`,
    ]);
  });

  test("has what was asked for, with the values of this run", () => {
    const flags = ["-e", "A=1", "-e", "SECRET", "--allow-env", "OTHER"];
    for (const value of ["first", "second"])
      expect(shell(caller, "echo $A $SECRET $OTHER", { flags, env: { SECRET: value, OTHER: "o" } })).toBe(
        `1 ${value} o`,
      );
    expect(box(caller, ["true"], { flags: ["-e", "NOT_SET_ANYWHERE"] }).exitCode).toBe(125);
  });

  testWith(["python3"], "leaves nothing of the caller's on the payload's stack", () => {
    expect(python(caller, LOOK_AT_STACK, { env: { NAME: "secret-value" } })).toBe(false);
  });

  test("comes with an ordinary niceness and personality", () => {
    expect(shell(caller, "nice; cat /proc/self/personality")).toBe("0\n00000000");
  });
});
