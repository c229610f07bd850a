import { describe, expect, test } from "bun:test";
import { landlockHint } from "../../src/errors/landlock.ts";
import { launcherRefused, launchFailed } from "../../src/errors/launch.ts";
import { errnos } from "../../src/linux/errno.ts";
import { FULL_ABI, LANDLOCK_FEATURES, needsOf } from "../../src/plan/landlock/policy.ts";
import { landlockOf } from "../support/landlock.ts";

const facts = (landlockAbi: number) => ({ landlockAbi, kernelRelease: "6.1.0" });
const hint = (syscall: string, errno: keyof typeof errnos, abi = 6, sentence = `${syscall}(…)`) =>
  landlockHint({ syscall, errno: errnos[errno], sentence }, facts(abi));

const REQUIRED = "landlock: signal is required, but needs ABI 6, of Linux 6.12";

describe("a feature that is required and lacks", () => {
  test.each([
    [2, "this kernel, 6.1.0, has ABI 2"],
    [-errnos.ENOSYS, "not built into this kernel, 6.1.0 (CONFIG_SECURITY_LANDLOCK)"],
    [-errnos.EOPNOTSUPP, "put landlock into lsm= of its command line"],
    [-errnos.EPERM, "Landlock answers EPERM here, likely because of a seccomp filter"],
  ])("is explained by a kernel that answers %d", (abi, why) => {
    const text = hint("", "EOPNOTSUPP", abi, REQUIRED);
    expect(text).toContain(why);
    expect(text).toEndWith("to go on with what there is: --landlock signal=best-effort");
  });

  test("names the flag that asked for it", () => {
    const landlock = landlockOf({
      levels: Object.fromEntries(LANDLOCK_FEATURES.map((name) => [name, "required"])),
      tcp: { bind: [] },
      log: true,
    });
    const needs = needsOf(landlock);
    expect(needs.map(({ what, abi }) => [what, abi])).toEqual([...Object.entries(FULL_ABI), ["log", 7]] as never);
    for (const { what, sentence } of needs)
      expect(hint("", "EOPNOTSUPP", 1, sentence)).toContain(
        what === "log" ? "leave --landlock-log out" : `--landlock ${what}=best-effort`,
      );
  });

  test("has its own sentence as the message, and a code", () => {
    const step = { plugin: "landlock", phase: "landlock", sentence: REQUIRED, syscall: "", errno: errnos.EOPNOTSUPP };
    const error = launcherRefused(step, { ...HOST, ...facts(2) });
    expect([error.code, error.message, error.exitCode]).toEqual(["E_LANDLOCK", REQUIRED, 125]);
    expect(error.hint).toContain("has ABI 2");
  });
});

const HOST = {
  maxUserNamespaces: 1,
  unprivilegedUsernsClone: undefined,
  apparmorRestrictUserns: undefined,
  seccompMode: 0,
  procMasked: false,
  uid: 0,
  isStranger: false,
  executable: "/usr/bin/bunker",
};

describe("a call that fails", () => {
  test.each([
    ["landlock_restrict_self", "E2BIG", "16 Landlock domains already"],
    ["landlock_restrict_self", "EPERM", "no_new_privs"],
    ["landlock_add_rule", "EAFNOSUPPORT", "no TCP/IP"],
    ["landlock_add_rule", "EINVAL", "--landlock off"],
    ["landlock_add_rule", "ENOMSG", "a mistake of Bunker's or the kernel's"],
    ["landlock_create_ruleset", "E2BIG", "has ABI 6, and refuses what belongs to it"],
    ["openat2", "ENOENT", "a mount point was removed"],
    ["seccomp", "EINVAL", "CONFIG_SECCOMP_FILTER"],
  ] as const)("%s: %s says what to do", (syscall, errno, text) => {
    expect(hint(syscall, errno)).toContain(text);
  });

  test("has no hint where nothing is known", () => {
    expect(hint("landlock_create_ruleset", "ENOMEM")).toBeUndefined();
  });

  test("keeps the call in the message", () => {
    const step = {
      plugin: "landlock",
      phase: "landlock",
      sentence: "landlock_restrict_self(…)",
      syscall: "landlock_restrict_self",
      errno: errnos.E2BIG,
    };
    const error = launchFailed(step, { ...HOST, ...facts(7) });
    expect([error.code, error.message]).toEqual([
      "E_LANDLOCK",
      "landlock: landlock_restrict_self(…): E2BIG, argument list too long",
    ]);
  });
});
