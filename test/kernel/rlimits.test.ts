/**
 * Resource limits, as the payload has them.
 * @module
 */
import { expect, test } from "bun:test";
import { box, inShell, python, shell } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";

describeForCallers("--ulimit", (caller) => {
  test("is what the payload has", () => {
    const flags = ["--ulimit", "nofile=200:300", "--ulimit", "fsize=64k", "--ulimit", "cpu=9"];
    expect(shell(caller, "ulimit -Sn; ulimit -Hn; ulimit -f; ulimit -t", { flags })).toBe("200\n300\n128\n9");
  });

  test("ends a file that grows too large by SIGXFSZ", () => {
    const { exitCode } = box(caller, ["sh", "-c", "exec head -c 99999 /dev/zero >/tmp/file"], {
      flags: ["--ulimit", "fsize=1k"],
    });
    expect(exitCode).toBe(153);
  });

  test("ends a loop by SIGXCPU", () => {
    expect(box(caller, ["sh", "-c", "while :; do :; done"], { flags: ["--ulimit", "cpu=1:2"] }).exitCode).toBe(152);
  });

  testWith(["python3"], "holds a fork bomb, and leaves the caller its processes", () => {
    const bomb = `
import json, os, time
count = 0
try:
    while count < 100:
        if os.fork() == 0: time.sleep(2); os._exit(0)
        count += 1
except BlockingIOError: pass
print(json.dumps(count))`;
    expect(python(caller, bomb, { flags: ["--ulimit", "nproc=20"] })).toBeLessThan(20);
    expect(python(caller, bomb.replace("100", "30"), { flags: ["--ulimit", "nproc=200"] })).toBe(30);
  });

  test("above the caller's is an error that says so", () => {
    if (caller.name === "root") return;
    const { exitCode, stderr } = box(caller, ["true"], {
      flags: ["--ulimit", "nofile=4096"],
      through: inShell("ulimit -n 1024"),
    });
    expect(exitCode).toBe(125);
    expect(stderr).toContain("setrlimit(nofile, 4096:4096)");
    expect(stderr).toContain("a hard limit can only be lowered");
  });
});
