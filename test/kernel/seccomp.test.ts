/**
 * The seccomp filter, from inside: what the payload may not ask of the kernel (security.md, rows 14, 18 to 23, 26, 64).
 * @module
 */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { numberOf, SYSCALLS } from "../../src/linux/syscall-tables.ts";
import type { Arch } from "../../src/linux/syscalls.ts";
import { bunker } from "../support/binary.ts";
import { box, boxed, shell } from "../support/box.ts";
import { type Caller, describeForCallers, testWith } from "../support/callers.ts";
import { testWithDockerProfile } from "../support/docker-profile.ts";
import { parseStatus, statusOf } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { outcomesOf, type SystemCall } from "../support/system-calls.ts";

const scratch = scratchDirectory();

/** Of whoever runs the tests: an outer container may have a filter of its own. */
const OUTER_FILTERS = Number(statusOf(process.pid, "Seccomp_filters") || 0);

const stateOf = (caller: Caller, ...flags: readonly string[]) => {
  const status = parseStatus(boxed(caller, ["cat", "/proc/self/status"], { flags }));
  return {
    mode: status.Seccomp,
    filters: Number(status.Seccomp_filters) - OUTER_FILTERS,
    noNewPrivs: status.NoNewPrivs,
  };
};

/** Bits above the 32 that the kernel looks at. */
const HIGH = 1n << 32n;
const STDIN = 0;

const DENIED: readonly SystemCall[] = [
  ["unshare", 0x10000000],
  ["unshare", 0],
  ["setns", STDIN, 0],
  ["clone", 0x10000011],
  ["clone", 0x20011n | HIGH],
  ["mount", 0, 0, 0, 0, 0],
  ["umount2", 0, 0],
  ["pivot_root", 0, 0],
  ["chroot", 0],
  ["open_tree", -1, 0, 0],
  ["move_mount", -1, 0, -1, 0, 0],
  ["fsopen", 0, 0],
  ["mount_setattr", -1, 0, 0, 0, 0],
  ["open_tree_attr", -1, 0, 0, 0, 0],
  ["keyctl", 0, -3, 0],
  ["add_key", 0, 0, 0, 0, 0],
  ["request_key", 0, 0, 0, 0],
  ["bpf", 0, 0, 0],
  ["perf_event_open", 0, 0, 0, 0, 0],
  ["userfaultfd", 1],
  ["ptrace", 0, 0, 0, 0],
  ["process_vm_readv", 1, 0, 0, 0, 0, 0],
  ["pidfd_getfd", -1, 0, 0],
  ["kcmp", 1, 1, 0, 0, 0],
  ["personality", 0x40000],
  ["ioctl", STDIN, 0x5412, 0],
  ["ioctl", STDIN, 0x5412n | HIGH, 0],
  ["ioctl", STDIN, 0x541cn | HIGH, 0],
  ["ioctl", STDIN, 0x5423n | (HIGH << 31n), 0],
  ["open_by_handle_at", -1, 0, 0],
  ["fanotify_init", 0x200, 0],
  ["vmsplice", -1, 0, 0, 0],
  ["mbind", 0, 0, 0, 0, 0, 0],
  ["init_module", 0, 0, 0],
  ["kexec_load", 0, 0, 0, 0],
  ["remap_file_pages", 0, 0, 0, 0, 0],
  ["socket", 2, 3, 1],
  ["socket", 2, 10, 0],
  ["socket", 2, 1, 132],
];

const ABSENT: readonly SystemCall[] = [
  ["clone3", 0, 0],
  ["io_uring_setup", 1, 0],
  ["memfd_secret", 0],
  ["statmount", 0, 0, 0, 0],
  [999],
  [-1],
];

const SOCKETS: readonly (readonly [errno: string, call: SystemCall])[] = [
  ["EAFNOSUPPORT", ["socket", 40, 1, 0]],
  ["EAFNOSUPPORT", ["socket", 40n | HIGH, 1, 0]],
  ["EAFNOSUPPORT", ["socket", 38, 5, 0]],
  ["EAFNOSUPPORT", ["socket", 17, 3, 0]],
  ["EAFNOSUPPORT", ["socketpair", 30, 1, 0, 0]],
  ["EPROTONOSUPPORT", ["socket", 16, 3, 6]],
  ["ok", ["socket", 1, 1, 0]],
  ["ok", ["socket", 2, 1, 0]],
  ["ok", ["socket", 10, 2, 17]],
  ["ok", ["socket", 16, 3, 0]],
];

/** What the kernel itself says to an ordinary user, whatever the host is set to. */
const WITHOUT_FILTER: readonly (readonly [errno: string, call: SystemCall])[] = [
  ["ENOTTY", ["ioctl", STDIN, 0x5412, 0]],
  ["ENOTTY", ["ioctl", STDIN, 0x5412n | HIGH, 0]],
  ["ok", ["personality", 0x40000]],
  ["EINVAL", ["clone3", 0, 0]],
  ["EINVAL", ["setns", STDIN, 0]],
  ["ok", ["unshare", 0]],
  ["EBADF", ["vmsplice", -1, 0, 0, 0]],
  ["EBADF", ["pidfd_getfd", -1, 0, 0]],
];

describeForCallers("seccomp", (caller) => {
  test("one filter is on, with no_new_privs, and none where it is not wanted", () => {
    expect(stateOf(caller)).toEqual({ mode: "2", filters: 1, noNewPrivs: "1" });
    expect(stateOf(caller, "--seccomp", "strict")).toEqual({ mode: "2", filters: 1, noNewPrivs: "1" });
    expect(stateOf(caller, "--no-init")).toEqual({ mode: "2", filters: 1, noNewPrivs: "1" });
    expect(stateOf(caller, "--seccomp", "none").filters).toBe(0);
  });

  test("is on also where execve may give privileges: the launcher installs it while it still may", () => {
    expect(stateOf(caller, "--allow-new-privileges")).toEqual({ mode: "2", filters: 1, noNewPrivs: "0" });
    const flags = ["--allow-new-privileges", "--seccomp", "strict"];
    expect(stateOf(caller, ...flags)).toEqual({ mode: "2", filters: 1, noNewPrivs: "0" });
  });

  if (caller.name === "root")
    test("is on for real root too", () => {
      const flags = ["--userns", "host", "--cap-add", "SYS_CHROOT"];
      expect(stateOf(caller, ...flags)).toEqual({ mode: "2", filters: 1, noNewPrivs: "1" });
      expect(stateOf(caller, ...flags, "--allow-new-privileges").filters).toBe(1);
    });

  test("is on in every start of a command line, planned or kept", () => {
    const word = `seccomp-${process.pid}-${caller.name}`;
    const filters = [1, 2].map(() => parseStatus(shell(caller, `cat /proc/self/status # ${word}`)).Seccomp_filters);
    expect(filters.map((count) => Number(count) - OUTER_FILTERS)).toEqual([1, 1]);
  });

  testWith(["python3"], "what only administers a machine is not permitted, on either half of an argument", () => {
    const outcomes = outcomesOf(caller, DENIED);
    expect(DENIED.map((call, index) => [...call, outcomes[index]])).toEqual(DENIED.map((call) => [...call, "EPERM"]));
  });

  testWith(["python3"], "what libraries try out, and what is newer than the tables, is not there", () => {
    const outcomes = outcomesOf(caller, ABSENT);
    expect(ABSENT.map((call, index) => [...call, outcomes[index]])).toEqual(ABSENT.map((call) => [...call, "ENOSYS"]));
  });

  testWith(["python3"], "sockets are of a few families, and of these the ordinary ones", () => {
    expect(
      outcomesOf(
        caller,
        SOCKETS.map(([, call]) => call),
      ),
    ).toEqual(SOCKETS.map(([errno]) => errno));
  });

  testWith(["python3"], "strict has no socket at all, and makes no setuid file", () => {
    const [PATH, AT_FDCWD] = [0, -100];
    const calls: readonly SystemCall[] = [
      ["socket", 1, 1, 0],
      ["socket", 2, 1, 0],
      ["socketpair", 1, 2, 0, 0],
      ["fchmodat", AT_FDCWD, PATH, 0o4755],
      ["openat", AT_FDCWD, PATH, 0o100, 0o2755],
      ["openat2", AT_FDCWD, PATH, 0, 0],
      ["shmget", 0, 4096, 0o1600],
      ["setuid", 0],
      ["ioctl", STDIN, 0x5412, 0],
      ["sync"],
    ];
    expect(outcomesOf(caller, calls, { flags: ["--seccomp", "strict"] })).toEqual([
      "EAFNOSUPPORT",
      "EAFNOSUPPORT",
      "EAFNOSUPPORT",
      "EPERM",
      "EPERM",
      "ENOSYS",
      "EPERM",
      "EPERM",
      "ENOTTY",
      "EPERM",
    ]);
  });

  if (OUTER_FILTERS > 0) test.skip("none leaves it to the kernel: an outer filter answers here", () => {});
  else
    testWith(["python3"], "none leaves it to the kernel, which has other answers", () => {
      const calls = WITHOUT_FILTER.map(([, call]) => call);
      const expected = WITHOUT_FILTER.map(([errno]) => errno);
      expect(outcomesOf(caller, calls, { flags: ["--seccomp", "none"] })).toEqual(expected);
      const filtered = outcomesOf(caller, calls);
      expect(filtered.filter((errno, index) => errno === expected[index])).toEqual([]);
    });

  testWith(["python3"], "--seccomp-log does what it would deny, but calls of another ABI", () => {
    const calls: readonly SystemCall[] = [["personality", 0x40000], ["unshare", 0], [999]];
    expect(outcomesOf(caller, calls)).toEqual(["EPERM", "EPERM", "ENOSYS"]);
    expect(outcomesOf(caller, calls, { flags: ["--seccomp-log"] })).toEqual(["ok", "ok", "ENOSYS"]);
    expect(stateOf(caller, "--seccomp-log").filters).toBe(1);
  });

  testWith(["python3"], "a capability opens up what it is for", () => {
    const calls: readonly SystemCall[] = [
      ["kcmp", -1, -1, 0, 0, 0],
      ["chroot", 0],
      ["unshare", 0],
    ];
    expect(outcomesOf(caller, calls, { flags: ["--cap-add", "SYS_PTRACE"] })).toEqual(["ESRCH", "EPERM", "EPERM"]);
    expect(outcomesOf(caller, calls, { flags: ["--cap-add", "SYS_CHROOT", "--cap-add", "SYS_ADMIN"] })).toEqual([
      "EPERM",
      "EFAULT",
      "ok",
    ]);
  });

  testWith(["python3"], "a compiled sandbox has the same filter", () => {
    const image = scratch.at(`image-${caller.name}`);
    const { exitCode, stderr } = bunker(["compile", "-o", image, "--", "env"], { cwd: "/" });
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(parseStatus(boxed(caller, ["cat", "/proc/self/status"], { image })).Seccomp).toBe("2");
    expect(
      outcomesOf(
        caller,
        [
          ["unshare", 0x10000000],
          ["clone3", 0, 0],
        ],
        { image },
      ),
    ).toEqual(["EPERM", "ENOSYS"]);
  });

  describe("a profile in a file", () => {
    const errno = (number: number, ...names: readonly string[]) => ({
      names,
      action: "SCMP_ACT_ERRNO",
      errnoRet: number,
    });
    const write = (name: string, profile: object): readonly string[] => [
      "--seccomp",
      scratch.file(`${caller.name}-${name}.json`, JSON.stringify(profile)),
    ];

    test("decides on calls and on their arguments", () => {
      const profile = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [
          errno(28, "mkdir", "mkdirat"),
          { ...errno(5, "kill"), args: [{ index: 1, value: 9, op: "SCMP_CMP_EQ" }] },
        ],
      };
      const flags = write("arguments", profile);
      const { stderr } = box(caller, ["sh", "-c", "mkdir /tmp/a; kill -9 $$; kill -0 $$ && echo alive >&2"], { flags });
      expect(stderr).toContain("No space left on device");
      expect(stderr).toContain("Input/output error");
      expect(stderr).toContain("alive");
    });

    test("may be thousands of instructions long, and the kernel jumps through it as it should", () => {
      const names = Object.keys(SYSCALLS[process.arch as Arch]).filter((name) => !name.startsWith("mkdir"));
      const never = (index: number) => [
        { index: index % 6, value: 2 ** 50 + index, op: "SCMP_CMP_EQ" },
        { index: (index + 1) % 6, value: 2 ** 40 + index, op: "SCMP_CMP_GE" },
      ];
      const syscalls = names
        .slice(0, 250)
        .map((name, index) => ({ ...errno(1 + (index % 100), name), args: never(index) }));
      const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [...syscalls, errno(28, "mkdir", "mkdirat")] };
      const flags = write("long", profile);
      const { instructions } = JSON.parse(bunker(["explain", "--json", ...flags, "true"]).stdout).seccomp;
      expect(instructions).toBeGreaterThan(1500);
      const { stdout, stderr } = box(caller, ["sh", "-c", "ls / | head -1; mkdir /tmp/a; echo $(echo nested)"], {
        flags,
      });
      expect(stdout).toBe("bin\nnested\n");
      expect(stderr).toContain("No space left on device");
    });

    test("that ends the process ends it with SIGSYS", () => {
      const profile = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_KILL_PROCESS" }],
      };
      const flags = write("kill", profile);
      expect(box(caller, ["mkdir", "/tmp/a"], { flags }).exitCode).toBe(128 + 31);
    });

    test("that denies execve is refused before anything is started", () => {
      const flags = write("exec", { defaultAction: "SCMP_ACT_ALLOW", syscalls: [errno(1, "execve")] });
      const { exitCode, stderr } = box(caller, ["true"], { flags });
      expect(exitCode).toBe(125);
      expect(stderr).toContain("never allows execve");
    });

    test("that denies execve for its arguments is named when that fails", () => {
      const args = [{ index: 5, value: 2 ** 53, op: "SCMP_CMP_NE" }];
      const flags = write("exec-args", {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ ...errno(1, "execve"), args }],
      });
      const { exitCode, stderr } = box(caller, ["true"], { flags });
      expect(exitCode).toBe(126);
      expect(stderr).toContain("may deny execve");
    });

    test("has names that are no calls here skipped, and --timings lists them", () => {
      const profile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [errno(1, "mkdir", "socketcall", "no_such_call")] };
      const flags = write("skipped", profile);
      const { exitCode, stderr } = box(caller, ["true"], { flags: [...flags, "--timings"] });
      expect(exitCode).toBe(0);
      expect(stderr).toContain("no calls of this architecture:");
      expect(stderr).toContain("socketcall, no_such_call\n");
    });

    test("that has changed is read again, also where the sandbox was kept", () => {
      const word = `changed-${process.pid}-${caller.name}`;
      const changedTo = (...syscalls: readonly object[]) =>
        write("changed", { defaultAction: "SCMP_ACT_ALLOW", syscalls });
      const mkdir = (flags: readonly string[]): number =>
        box(caller, ["sh", "-c", `mkdir /tmp/a 2>/dev/null # ${word}`], { flags }).exitCode;
      const denies = changedTo(errno(1, "mkdir", "mkdirat"));
      expect([mkdir(denies), mkdir(denies)]).toEqual([1, 1]);
      const allows = changedTo();
      expect([mkdir(allows), mkdir(allows)]).toEqual([0, 0]);
      expect(mkdir(changedTo(errno(1, "mkdir", "mkdirat")))).toBe(1);
    });

    testWithDockerProfile("that is Docker's runs real programs, and denies what Docker denies", (path) => {
      const flags = ["--seccomp", scratch.file(`${caller.name}-docker.json`, readFileSync(path, "utf8"))];
      expect(shell(caller, "ls / | sort | head -1; sh -c 'echo $(echo nested)'", { flags })).toBe("bin\nnested");
      expect(stateOf(caller, ...flags)).toEqual({ mode: "2", filters: 1, noNewPrivs: "1" });
      const calls: readonly SystemCall[] = [
        ["unshare", 0],
        ["clone3", 0, 0],
        ["socket", 38, 5, 0],
        ["keyctl", 0, -3, 0],
      ];
      expect(outcomesOf(caller, calls, { flags })).toEqual(["EPERM", "ENOSYS", "EPERM", "EPERM"]);
    });
  });
});

describeForCallers("a filter that the kernel does not take", (caller) => {
  test("ends the launch with its errno, and a hint", () => {
    const name = `bad-filter-${caller.name}`;
    // A flag that no kernel knows.
    const members = `*plan() { yield inside("seccomp", call("seccomp", [1, 0x40000000, 0])); }`;
    const plugin = scratch.plugin(name, members);
    writeFileSync(plugin, readFileSync(plugin, "utf8").replace("{ definePlugin }", "{ call, definePlugin, inside }"));
    const { exitCode, stderr } = box(caller, ["true"], { flags: ["--plugin", plugin] });
    expect(exitCode).toBe(125);
    expect(stderr).toContain("seccomp(1, 1073741824, 0): EINVAL, invalid argument");
    expect(stderr).toContain("--seccomp none");
  });
});

test("both architectures have seccomp(2)", () => {
  expect([numberOf("seccomp", "x64"), numberOf("seccomp", "arm64")]).toEqual([317, 277]);
});
