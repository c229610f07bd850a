import { describe, expect, test } from "bun:test";
import { ALLOW, errno } from "../../src/seccomp/action.ts";
import { filterFor } from "../../src/seccomp/compiler.ts";
import { low } from "../../src/seccomp/condition.ts";
import { mayPermit } from "../../src/seccomp/launch.ts";
import { policyOf } from "../../src/seccomp/policy.ts";
import { defaultProfile } from "../../src/seccomp/profiles/default.ts";

const filter = (profile: object, needed: readonly string[] = ["execve"], log = false) =>
  filterFor({
    profile: "p.json",
    file: { text: JSON.stringify(profile), kernelRelease: "6.1" },
    arch: "x64",
    capabilities: [],
    log,
    needed,
  });

const ALL = { defaultAction: "SCMP_ACT_ALLOW" };
const denyExecve = { ...ALL, syscalls: [{ names: ["execve"], action: "SCMP_ACT_ERRNO" }] };

describe("a profile under which nothing could be started is refused", () => {
  test.each<[string, object]>([
    ["one that denies execve", denyExecve],
    [
      "one that does not allow it",
      { defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW" }] },
    ],
    ["one that knows no call at all", { defaultAction: "SCMP_ACT_KILL" }],
    ["one that hands it to a tracer", { ...ALL, syscalls: [{ names: ["execve"], action: "SCMP_ACT_TRACE" }] }],
  ])("%s", (_name, profile) => {
    expect(() => filter(profile)).toThrow('seccomp profile "p.json" never allows execve');
  });

  test("but not where that depends on arguments, nor where calls are only logged", () => {
    const args = [{ index: 0, op: "SCMP_CMP_EQ", value: 0 }];
    expect(
      filter({ ...ALL, syscalls: [{ names: ["execve"], action: "SCMP_ACT_ERRNO", args }] }).instructions,
    ).toBeGreaterThan(4);
    expect(filter(denyExecve, ["execve"], true).flags).toEqual(["SECCOMP_FILTER_FLAG_LOG"]);
  });

  test("and the first call is named that is missing where the launcher has more to do", () => {
    const profile = { ...ALL, syscalls: [{ names: ["capset"], action: "SCMP_ACT_ERRNO" }] };
    expect(() => filter(profile, ["execve", "prctl", "capset"])).toThrow("never allows capset");
  });
});

describe("a profile that waits for answers is refused, since nobody gives any", () => {
  test.each<[string, object]>([
    ["the action SCMP_ACT_NOTIFY", { ...ALL, syscalls: [{ names: ["mount"], action: "SCMP_ACT_NOTIFY" }] }],
    ["the action SCMP_ACT_NOTIFY", { defaultAction: "SCMP_ACT_NOTIFY" }],
    ["a listenerPath", { ...ALL, listenerPath: "/run/agent.sock" }],
    ["the flag SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", { ...ALL, flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] }],
  ])("%s", (what, profile) => {
    expect(() => filter(profile)).toThrow(what);
  });
});

test("whether a call may be made at all is told by its rules, and by what happens without one", () => {
  const policy = policyOf(
    {
      ...defaultProfile(),
      rules: [
        { names: ["read"], action: errno(1), when: [low(0, "EQ", 1)] },
        { names: ["write"], action: errno(1) },
        { names: ["open"], action: ALLOW, when: [low(0, "EQ", 1)] },
      ],
      otherwise: ALLOW,
    },
    "x64",
  );
  expect(["read", "write", "open", "close", "no_such_call"].map((name) => mayPermit(policy, name))).toEqual([
    true,
    false,
    true,
    true,
    false,
  ]);
});
