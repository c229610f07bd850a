/**
 * No user namespaces inside of the sandbox's (security.md, row 23).
 * @module
 */
import { expect, test } from "bun:test";
import { describeForMember } from "../support/accounts.ts";
import { box, shell } from "../support/box.ts";
import { type Caller, describeForCaller, describeForCallers, SHARED_BINARY, testWith } from "../support/callers.ts";

const KINDS = ["--user", "--pid --fork", "--uts", "--ipc", "--net", "--cgroup", "--time"];

/** What unshare(1) says to each kind of namespace, or `made`. */
const unshare = (
  caller: Caller,
  kinds: readonly string[],
  flags: readonly string[],
): Readonly<Record<string, string>> => {
  const lines = kinds.map((kind) => `unshare ${kind} echo made 2>&1 | sed 's/.*: //' | head -n 1`).join("; ");
  const said = shell(caller, lines, { flags }).split("\n");
  return Object.fromEntries(kinds.map((kind, index) => [kind, said[index] ?? ""]));
};

const FULL = "No space left on device";

const tests = (caller: Caller, given: readonly string[]): void => {
  // The limit by itself: the filter denies the calls before it is asked.
  const own = [...given, "--seccomp", "none"];

  testWith(["unshare"], "cannot be made for two reasons", () => {
    expect(unshare(caller, ["--user"], given)).toEqual({ "--user": "Operation not permitted" });
    expect(unshare(caller, ["--user"], own)).toEqual({ "--user": FULL });
  });

  testWith(["unshare"], "cannot be made", () => {
    for (const flags of [[], ["--user", "root"], ["--disable-userns"], ["--no-init"], ["--proc", "pid"]])
      expect([flags, unshare(caller, ["--user"], [...own, ...flags])]).toEqual([flags, { "--user": FULL }]);
  });

  testWith(["unshare"], "cannot be made with CAP_SYS_ADMIN, nor is the limit lifted by a /proc of one's own", () => {
    const flags = [...own, "--user", "root", "--cap-add", "SYS_ADMIN", "--proc", "full"];
    expect(unshare(caller, ["--user"], flags)).toEqual({ "--user": FULL });
    const lift =
      "unshare --mount sh -c 'mount -t proc proc /proc && echo 10 >/proc/sys/user/max_user_namespaces' 2>/dev/null; cat /proc/sys/user/max_user_namespaces";
    expect(shell(caller, lift, { flags })).toBe("0");
  });

  testWith(["unshare"], "are the only kind that is limited for a payload that was given CAP_SYS_ADMIN", () => {
    const made = unshare(caller, ["--uts", "--ipc", "--net"], [...own, "--user", "root", "--cap-add", "SYS_ADMIN"]);
    expect(made).toEqual({ "--uts": "made", "--ipc": "made", "--net": "made" });
  });

  test("have limits of nothing beside those of the other kinds", () => {
    const kinds = "user pid uts ipc net cgroup time";
    const limits = `for kind in ${kinds}; do cat /proc/sys/user/max_\${kind}_namespaces; done | sort -u`;
    expect(shell(caller, limits, { flags: own })).toBe("0");
  });

  test("have a limit that the payload may not write", () => {
    const { exitCode, stderr } = box(caller, ["sh", "-c", "echo 1 >/proc/sys/user/max_user_namespaces"], {
      flags: [...own, "--user", "root", "--proc", "full"],
    });
    expect([exitCode === 0, stderr]).toEqual([false, expect.stringMatching(/Permission denied|Read-only/)]);
  });

  testWith(["unshare"], "can be made with --allow-userns, which opens the filter too", () => {
    expect(unshare(caller, ["--user"], [...given, "--allow-userns"])).toEqual({ "--user": "made" });
  });

  test("are what a sandbox in a sandbox needs", () => {
    // A part of /proc that is hidden outside would show in a new one inside, which the kernel does not allow.
    const flags = [...given, "--landlock", "fs=off", "--proc", "full", "--allow-read", SHARED_BINARY];
    // The filter of the outer one denies keyctl(2).
    const inner = `${SHARED_BINARY} run --keyring host sh -c 'echo inner $(id -u)'`;
    expect(shell(caller, inner, { flags: [...flags, "--allow-userns"] })).toMatch(/^inner \d+$/);
    const { exitCode, stderr } = box(caller, ["sh", "-c", inner], { flags });
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining("start that one with --allow-userns")]);
  });
};

describeForCallers("user namespaces inside", (caller) => tests(caller, []));
describeForCaller("root", "user namespaces inside, with a range of ids,", (caller) =>
  tests(caller, ["--userns", "auto"]),
);
describeForMember("user namespaces inside, with a range of ids,", (caller) => tests(caller, ["--userns", "auto"]));

describeForCaller("root", "namespaces of every kind", (caller) => {
  testWith(["unshare"], "take a right that nobody inside has", () => {
    for (const said of Object.values(unshare(caller, KINDS, ["--seccomp", "none"])))
      expect(said).toMatch(/No space left|not permitted/);
  });

  test("are left to the host's limits without a user namespace", () => {
    const limit = "cat /proc/sys/user/max_user_namespaces";
    expect(shell(caller, limit, { flags: ["--userns", "host"] })).not.toBe("0");
  });
});
