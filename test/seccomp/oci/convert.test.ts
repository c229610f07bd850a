import { describe, expect, test } from "bun:test";
import type { CapabilityName } from "../../../src/linux/capability.ts";
import type { Arch } from "../../../src/linux/syscalls.ts";
import { compile } from "../../../src/seccomp/compile.ts";
import { type Circumstance, convertOciProfile } from "../../../src/seccomp/oci/convert.ts";
import { readOciProfile } from "../../../src/seccomp/oci/read.ts";
import { policyOf } from "../../../src/seccomp/policy.ts";
import { dockerProfileText, testWithDockerProfile } from "../../support/docker-profile.ts";
import { ARCHES, ask } from "../../support/seccomp.ts";

const HERE: Circumstance = { arch: "x64", capabilities: [], kernelRelease: "6.1.0-13-amd64" };

const profileOf = (profile: unknown, where: Partial<Circumstance> = {}) => {
  const text = typeof profile === "string" ? profile : JSON.stringify(profile);
  return convertOciProfile(readOciProfile("p.json", text), { ...HERE, ...where });
};

const allow = (more: object) => ({ action: "SCMP_ACT_ALLOW", ...more });
const denying = (...syscalls: readonly object[]) => ({ defaultAction: "SCMP_ACT_ERRNO", syscalls });
const arg = (index: number, op: string, value: number) => ({ index, op: `SCMP_CMP_${op}`, value });

describe("circumstances decide which entries are there", () => {
  const entries = denying(
    allow({ names: ["bpf"], includes: { caps: ["CAP_BPF", "CAP_SYS_ADMIN"] } }),
    allow({ names: ["chroot"], excludes: { caps: ["CAP_SYS_ADMIN", "CAP_KILL"] } }),
    allow({ names: ["arch_prctl"], includes: { arches: ["amd64", "x32"] } }),
    allow({ names: ["ptrace"], includes: { minKernel: "4.8" } }),
    allow({ names: ["kcmp"], excludes: { minKernel: "5.10" } }),
    allow({ names: ["mount"], excludes: { arches: ["arm64"] } }),
    { names: ["seccomp"], action: "SCMP_ACT_KILL" },
  );
  const allowed = (where: Partial<Circumstance>): readonly string[] =>
    profileOf(entries, where)
      .rules.filter(({ action }) => action.kind === "allow")
      .flatMap(({ names }) => names);

  test.each<[string, Partial<Circumstance>, readonly string[]]>([
    ["nothing special", {}, ["chroot", "arch_prctl", "ptrace", "mount"]],
    ["one of two capabilities", { capabilities: ["BPF"] }, ["chroot", "arch_prctl", "ptrace", "mount"]],
    ["both", { capabilities: ["BPF", "SYS_ADMIN"] }, ["bpf", "arch_prctl", "ptrace", "mount"]],
    ["one of two that exclude", { capabilities: ["KILL"] }, ["arch_prctl", "ptrace", "mount"]],
    ["another architecture", { arch: "arm64" }, ["chroot", "ptrace"]],
    ["a kernel of old", { kernelRelease: "4.7.9" }, ["chroot", "arch_prctl", "kcmp", "mount"]],
    ["a kernel between", { kernelRelease: "4.10" }, ["chroot", "arch_prctl", "ptrace", "kcmp", "mount"]],
    ["a later major release", { kernelRelease: "6.0" }, ["chroot", "arch_prctl", "ptrace", "mount"]],
  ])("%s", (_name, where, names) => {
    expect(allowed(where)).toEqual([...names]);
  });
});

describe("the meaning is runc's", () => {
  test("calls that are newer than the newest one that is named are answered as if there were none", () => {
    const answer = ask(profileOf(denying(allow({ names: ["read", "openat2"] }))));
    expect([
      answer("read"),
      answer("write"),
      answer("clone3"),
      answer("pidfd_getfd"),
      answer("mseal"),
      answer(5000),
    ]).toEqual(["allow", "EPERM", "EPERM", "ENOSYS", "ENOSYS", "ENOSYS"]);
  });

  test.each(["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"])(
    "but not where the default is %s",
    (defaultAction) => {
      const answer = ask(profileOf({ defaultAction, syscalls: [{ names: ["read"], action: "SCMP_ACT_ERRNO" }] }));
      expect(answer(5000)).toBe(answer("write"));
    },
  );

  test("conditions of an entry must all hold", () => {
    const entry = allow({ names: ["socket"], args: [arg(0, "EQ", 2), arg(1, "EQ", 1)] });
    const answer = ask(profileOf(denying(entry)));
    expect([answer("socket", 2, 1), answer("socket", 2, 2), answer("socket", 1, 1)]).toEqual([
      "allow",
      "EPERM",
      "EPERM",
    ]);
  });

  test("unless they are of one argument: then any of them is enough, and a remark says so", () => {
    const profile = profileOf(
      denying(allow({ names: ["socket"], args: [arg(0, "EQ", 2), arg(0, "EQ", 10), arg(1, "EQ", 7)] })),
    );
    const answer = ask(profile);
    expect([answer("socket", 2, 1), answer("socket", 10), answer("socket", 5, 7), answer("socket", 5)]).toEqual([
      "allow",
      "allow",
      "allow",
      "EPERM",
    ]);
    expect(profile.remarks).toEqual([
      "the args of syscalls[0] name one argument more than once: any of them is enough, as with runc",
    ]);
  });

  test("entries that do what the default does are not there, so that a condition beside one counts", () => {
    const entries = denying(
      { names: ["socket"], action: "SCMP_ACT_ERRNO" },
      allow({ names: ["socket"], args: [arg(0, "EQ", 1)] }),
    );
    expect(ask(profileOf(entries))("socket", 1)).toBe("allow");
  });

  test("of several that fit the strictest counts, wherever it stands", () => {
    const kill = { names: ["socket"], action: "SCMP_ACT_KILL_PROCESS", args: [arg(0, "EQ", 40)] };
    const all = allow({ names: ["socket"] });
    for (const entries of [denying(kill, all), denying(all, kill)]) {
      const answer = ask(profileOf(entries));
      expect([answer("socket", 40), answer("socket", 1)]).toEqual(["kill process", "allow"]);
    }
  });

  test("all 64 bits of an argument are compared", () => {
    const answer = ask(profileOf(denying(allow({ names: ["personality"], args: [arg(0, "EQ", 0)] }))));
    expect([answer("personality", 0), answer("personality", 1n << 32n)]).toEqual(["allow", "EPERM"]);
  });
});

test("names that are no calls are skipped, and told", () => {
  const { skipped } = policyOf(profileOf(denying(allow({ names: ["read", "fstat64", "no_such_call"] }))), "x64");
  expect(skipped).toEqual(["fstat64", "no_such_call"]);
});

test("other ABIs are not let through, which a remark says where they are asked for", () => {
  const remarksOf = (profile: object, arch: Arch = "x64") =>
    profileOf({ defaultAction: "SCMP_ACT_ALLOW", ...profile }, { arch }).remarks;
  const archMap = [
    { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
    { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
  ];
  expect(remarksOf({ archMap })).toEqual([
    "SCMP_ARCH_X86 and SCMP_ARCH_X32 are not let through: a call of another ABI ends the process",
  ]);
  expect(remarksOf({ archMap }, "arm64")[0]).toStartWith("SCMP_ARCH_ARM is not");
  expect(remarksOf({ architectures: ["SCMP_ARCH_X86_64"] })).toEqual([]);
});

test("flags are handed on, but for what one thread has no use for", () => {
  const flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"];
  expect(profileOf({ defaultAction: "SCMP_ACT_ALLOW", flags }).flags).toEqual([
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
  ]);
});

describe("Docker's default profile", () => {
  const docker = (...capabilities: readonly CapabilityName[]) => profileOf(dockerProfileText(), { capabilities });

  testWithDockerProfile("is a filter of a few hundred instructions on both architectures", () => {
    for (const arch of ARCHES) {
      const program = compile(policyOf(profileOf(dockerProfileText(), { arch }), arch));
      expect(program.length).toBeLessThan(200);
    }
  });

  testWithDockerProfile("allows and denies what Docker's documentation says", () => {
    const answer = ask(docker());
    const denied = [
      "add_key",
      "keyctl",
      "mount",
      "umount2",
      "setns",
      "unshare",
      "bpf",
      "perf_event_open",
      "reboot",
      "swapon",
    ];
    expect(denied.map((name) => answer(name))).toEqual(denied.map(() => "EPERM"));
    expect(["read", "execve", "ptrace", "futex", "io_uring_setup"].map((name) => answer(name))).toEqual([
      "allow",
      "allow",
      "allow",
      "allow",
      "EPERM",
    ]);
    expect([answer("clone3"), answer(500)]).toEqual(["ENOSYS", "ENOSYS"]);
    expect([answer("clone", 0x11), answer("clone", 0x10000000), answer("clone", 0x80)]).toEqual([
      "allow",
      "EPERM",
      "allow",
    ]);
    expect([38, 39, 40, 41, 16, 17].map((family) => answer("socket", family))).toEqual([
      "EPERM",
      "allow",
      "EPERM",
      "allow",
      "allow",
      "allow",
    ]);
    expect([0, 8, 0x20000, 0x20008, 0xffffffff, 0x40000].map((value) => answer("personality", value))).toEqual([
      ...Array(5).fill("allow"),
      "EPERM",
    ]);
  });

  testWithDockerProfile("is wider with capabilities", () => {
    const answer = ask(docker("SYS_ADMIN", "SYS_CHROOT"));
    expect([answer("clone3"), answer("unshare"), answer("chroot"), answer("clone", 0x10000000)]).toEqual(
      Array(4).fill("allow"),
    );
    expect(answer("kcmp")).toBe("EPERM");
  });
});
