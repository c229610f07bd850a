/**
 * What a payload has of its caller's standing among the processes of the host: never more than the usual.
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { describeForMember } from "../support/accounts.ts";
import { inShell, running, shell } from "../support/box.ts";
import { type Caller, describeForCaller, describeForCallers, testWith } from "../support/callers.ts";
import { parseStatus } from "../support/processes.ts";

const SCORE = "cat /proc/self/oom_score_adj";
const CAP_SYS_RESOURCE = 24n;

const mayLower =
  (BigInt(`0x${parseStatus(readFileSync("/proc/self/status", "utf8")).CapEff}`) >> CAP_SYS_RESOURCE) & 1n;

const scoreOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));

const scores = (caller: Caller, own: readonly string[]): void => {
  test("is 300, and a caller's higher one stays", () => {
    for (const flags of [[], ["--no-init"], ["--user", "root"]]) {
      expect(shell(caller, SCORE, { flags: [...own, ...flags] })).toBe("300");
      for (const score of [301, 700, 1000])
        expect(
          shell(caller, SCORE, {
            flags: [...own, ...flags],
            through: inShell(`echo ${score} >/proc/self/oom_score_adj`),
          }),
        ).toBe(String(score));
      for (const score of [1, 99, 299])
        expect(
          shell(caller, SCORE, {
            flags: [...own, ...flags],
            through: inShell(`echo ${score} >/proc/self/oom_score_adj`),
          }),
        ).toBe("300");
    }
  });

  test("is init's too, and not the monitor's", async () => {
    await using sandbox = await running(caller, { flags: own });
    expect([sandbox.payload, sandbox.init, sandbox.pid].map(scoreOf)).toEqual([300, 300, scoreOf(process.pid)]);
  });
};

describeForCallers("oom_score_adj", (caller) => scores(caller, []));
describeForCaller("root", "oom_score_adj with a range of ids", (caller) => scores(caller, ["--userns", "auto"]));
describeForMember("oom_score_adj with a range of ids", (caller) => scores(caller, ["--userns", "auto"]));

const LOWER = "echo 0 >/proc/self/oom_score_adj 2>/dev/null; cat /proc/self/oom_score_adj";

describeForCaller("root", "the least oom_score_adj", (caller) => {
  const title = "is that of the sandbox, which the payload cannot lower";
  if (mayLower === 1n)
    test(title, () => {
      for (const flags of [[], ["--userns", "auto"], ["--user", "root"]])
        expect(shell(caller, LOWER, { flags })).toBe("300");
      // Kept, and started by the front.
      expect(shell(caller, LOWER)).toBe("300");
    });
  else test.skip(`${title}: the tests run without CAP_SYS_RESOURCE`, () => {});
});

describeForCallers("a caller's own precedence", (caller) => {
  testWith(["nice"], "is kept where it is less than usual", () => {
    expect(shell(caller, "nice", { through: ["nice", "-n", "7"] })).toBe("7");
  });

  testWith(["chrt"], "is kept in SCHED_IDLE, and SCHED_BATCH becomes SCHED_OTHER", () => {
    const policy = "chrt -p $$ | sed -n '1s/.*: //p'";
    expect(shell(caller, policy, { through: ["chrt", "--idle", "0"] })).toBe("SCHED_IDLE");
    expect(shell(caller, policy, { through: ["chrt", "--batch", "0"] })).toBe("SCHED_OTHER");
  });

  testWith(["ionice"], "is kept in the idle class for input and output", () => {
    expect(shell(caller, "ionice", { through: ["ionice", "-c3"] })).toBe("idle");
    expect(shell(caller, "ionice", { through: ["ionice", "-c2", "-n6"] })).toBe("best-effort: prio 6");
  });

  testWith(["setarch"], "over its own address space is not: the personality is the usual one", () => {
    const through = ["setarch", "--addr-no-randomize", "--read-implies-exec"];
    expect(shell(caller, "cat /proc/self/personality", { through })).toBe("00000000");
  });
});

describeForCaller("root", "a precedence of root's", (caller) => {
  testWith(["nice"], "is not handed on: a negative nice value", () => {
    expect(shell(caller, "nice", { through: ["nice", "-n", "-5"] })).toBe("0");
  });

  testWith(["chrt"], "is not handed on: a real-time policy", () => {
    for (const policy of ["--fifo", "--rr"])
      expect(shell(caller, "chrt -p $$ | sed 's/.*: //'", { through: ["chrt", policy, "5"] })).toBe("SCHED_OTHER\n0");
  });

  testWith(["ionice"], "is not handed on: real-time input and output", () => {
    expect(shell(caller, "ionice", { through: ["ionice", "-c1", "-n2"] })).toBe("none: prio 0");
  });
});
