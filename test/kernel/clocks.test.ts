/**
 * The cgroup namespace and the time namespace.
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { box, python, shell } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";

const uptimeSeconds = (): number => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);

describeForCallers("the cgroup namespace", (caller) => {
  test("makes the sandbox's own cgroup the root of what it sees", () => {
    expect(shell(caller, "readlink /proc/self/ns/cgroup")).not.toBe(readlinkSync("/proc/self/ns/cgroup"));
    for (const line of shell(caller, "cat /proc/self/cgroup").split("\n")) expect(line).toEndWith(":/");
    const flags = ["--cgroupns", "host"];
    expect(shell(caller, "readlink /proc/self/ns/cgroup", { flags })).toBe(readlinkSync("/proc/self/ns/cgroup"));
  });
});

describeForCallers("the time namespace", (caller) => {
  test("is the host's where no offset was asked for", () => {
    expect(shell(caller, "readlink /proc/self/ns/time")).toBe(readlinkSync("/proc/self/ns/time"));
  });

  for (const flags of [[], ["--no-init"]])
    testWith(["python3"], `shifts its clocks by whole seconds ${flags.join(" ")}`, () => {
      const script = "import json, time; print(json.dumps([time.clock_gettime(7), time.clock_gettime(1)]))";
      const shift = ["--boottime-offset", "100000", "--monotonic-offset", "200000"];
      const [boot, monotonic] = python(caller, script, { flags: [...flags, ...shift] }) as [number, number];
      expect(Math.abs(boot - uptimeSeconds() - 100_000)).toBeLessThan(10);
      expect(Math.abs(monotonic - uptimeSeconds() - 200_000)).toBeLessThan(3600);
      expect(shell(caller, "cat /proc/uptime", { flags: [...flags, ...shift] })).toStartWith(
        String(Math.floor(boot)).slice(0, 4),
      );
    });

  test("refuses a clock below zero, in words", () => {
    const back = ["--boottime-offset", String(-Math.ceil(uptimeSeconds()) - 1000)];
    const { exitCode, stderr } = box(caller, ["true"], { flags: back });
    expect(exitCode).toBe(125);
    expect(stderr).toContain("ERANGE");
  });
});
