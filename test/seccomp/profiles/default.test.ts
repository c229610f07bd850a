import { describe, expect, test } from "bun:test";
import { CAPABILITIES, type CapabilityName } from "../../../src/linux/capability.ts";
import { isSyscall, SYSCALLS } from "../../../src/linux/syscall-tables.ts";
import { BUILTIN_PROFILES } from "../../../src/seccomp/profiles/builtin.ts";
import { defaultProfile } from "../../../src/seccomp/profiles/default.ts";
import { ARCHES, ask } from "../../support/seccomp.ts";

/** Bits that the kernel does not look at, where it takes an int. */
const HIGH = 1n << 32n;

const NEW = {
  CLONE_NEWNS: 0x20000,
  CLONE_NEWCGROUP: 0x2000000,
  CLONE_NEWUTS: 0x4000000,
  CLONE_NEWIPC: 0x8000000,
  CLONE_NEWUSER: 0x10000000,
  CLONE_NEWPID: 0x20000000,
  CLONE_NEWNET: 0x40000000,
};

describe.each(ARCHES)("the default profile on %s", (arch) => {
  const answer = ask(defaultProfile(), arch);

  test.each([
    "unshare setns",
    "mount umount2 pivot_root chroot open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr",
    "add_key request_key keyctl",
    "bpf init_module finit_module delete_module kexec_load kexec_file_load",
    "perf_event_open syslog userfaultfd",
    "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp process_madvise process_mrelease",
    "vmsplice name_to_handle_at open_by_handle_at fanotify_init fanotify_mark",
    "mbind set_mempolicy get_mempolicy set_mempolicy_home_node migrate_pages move_pages",
    "settimeofday clock_settime adjtimex clock_adjtime sched_setattr",
    "acct swapon swapoff reboot quotactl quotactl_fd sethostname setdomainname vhangup",
    "remap_file_pages lookup_dcookie nfsservctl",
  ])("denies %s", (names) => {
    expect(names.split(" ").map((name) => answer(name))).toEqual(names.split(" ").map(() => "EPERM"));
  });

  test("says of what programs try out that there is no such call", () => {
    const names = ["clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_secret"];
    const others = ["statmount", "listmount", "listns", "lsm_get_self_attr", "lsm_list_modules"];
    for (const name of [...names, ...others]) expect(answer(name)).toBe("ENOSYS");
  });

  test("says the same of what no table has: holes, and what is newer", () => {
    const last = Math.max(...Object.values(SYSCALLS[arch]));
    for (const number of [330 + (arch === "x64" ? 80 : 0), last + 1, 999, 0xffffffff])
      expect(answer(number)).toBe("ENOSYS");
  });

  test("makes processes and threads, and no namespaces, whatever stands in the other half of the flags", () => {
    const threads = 0x3d0f00;
    for (const flags of [0x11, threads, 0x1200011, 0x4111]) {
      expect(answer("clone", flags)).toBe("allow");
      expect(answer("clone", BigInt(flags) | HIGH)).toBe("allow");
    }
    for (const flag of Object.values(NEW)) {
      expect(answer("clone", flag | 0x11)).toBe("EPERM");
      expect(answer("clone", BigInt(flag) | (HIGH * 0xffffffffn))).toBe("EPERM");
    }
  });

  test("does not type into terminals, whatever stands in the other half of the request", () => {
    for (const request of [0x5412, 0x541c, 0x5423]) {
      expect(answer("ioctl", 0, request)).toBe("EPERM");
      expect(answer("ioctl", 0, BigInt(request) | HIGH)).toBe("EPERM");
    }
    for (const request of [0x5401, 0x5413, 0x541b, 0x8933, 0x40049409])
      expect(answer("ioctl", 0, request)).toBe("allow");
  });

  test("has sockets of the internet, of the machine, and to ask for routes", () => {
    const CLOEXEC = 0o2000000;
    const allowed = [
      [1, 1, 0],
      [1, 5, 0],
      [2, 1, 0],
      [2, 1 | CLOEXEC, 6],
      [10, 1, 262],
      [2, 2 | CLOEXEC, 17],
      [2, 2, 1],
      [10, 2, 58],
      [16, 3 | CLOEXEC, 0],
    ];
    for (const args of allowed) expect([args, answer("socket", ...args)]).toEqual([args, "allow"]);
  });

  test("has no sockets of other families, nor raw ones, nor the protocols that load modules", () => {
    const denied: readonly [string, readonly (number | bigint)[]][] = [
      ["EAFNOSUPPORT", [38, 5, 0]],
      ["EAFNOSUPPORT", [40, 1, 0]],
      ["EAFNOSUPPORT", [17, 3, 0]],
      ["EAFNOSUPPORT", [33, 2, 0]],
      ["EAFNOSUPPORT", [29, 3, 1]],
      ["EAFNOSUPPORT", [0, 1, 0]],
      ["EAFNOSUPPORT", [40n | HIGH, 1, 0]],
      ["EPERM", [2, 3, 1]],
      ["EPERM", [2, 10, 0]],
      ["EPERM", [2, 1, 132]],
      ["EPERM", [2, 6, 33]],
      ["EPERM", [2, 2, 136]],
      ["EPERM", [2, 2, 115]],
      ["EPROTONOSUPPORT", [16, 3, 6]],
      ["EPROTONOSUPPORT", [16, 3, 9]],
      ["EPROTONOSUPPORT", [16, 3, 12]],
      ["EPROTONOSUPPORT", [16, 3, 21]],
    ];
    for (const [errno, args] of denied) expect([args, answer("socket", ...args)]).toEqual([args, errno]);
    // The kernel looks at the low half: a bit above makes no other family of it.
    expect(answer("socket", 1n | HIGH, 1)).toBe("allow");
    expect([answer("socketpair", 1, 1), answer("socketpair", 30, 1), answer("socketpair", 2, 1)]).toEqual([
      "allow",
      "EAFNOSUPPORT",
      "EAFNOSUPPORT",
    ]);
  });

  test("keeps the personality, and lets programs ask for it", () => {
    expect([0, 0xffffffff].map((value) => answer("personality", value))).toEqual(["allow", "allow"]);
    expect([8, 0x40000, 0x400000, 0x20000].map((value) => answer("personality", value))).toEqual(
      Array(4).fill("EPERM"),
    );
    expect(answer("personality", 0xffffffffffffffffn)).toBe("allow");
  });

  test("schedules nothing in real time", () => {
    const RESET_ON_FORK = 0x40000000;
    for (const policy of [0, 3, 5, RESET_ON_FORK]) expect(answer("sched_setscheduler", 0, policy)).toBe("allow");
    for (const policy of [1, 2, 6, 1 | RESET_ON_FORK]) expect(answer("sched_setscheduler", 0, policy)).toBe("EPERM");
  });

  test("leaves to the launcher what it still has to do", () => {
    for (const name of ["execve", "write", "exit_group", "prctl", "capset", "close_range", "rt_sigprocmask"])
      expect(answer(name)).toBe("allow");
  });
});

describe("capabilities", () => {
  const CASES: readonly [CapabilityName, readonly (readonly [string, ...number[]])[]][] = [
    [
      "SYS_ADMIN",
      [["unshare"], ["setns"], ["mount"], ["clone", 0x10000000], ["clone3"], ["pivot_root"], ["bpf"], ["statmount"]],
    ],
    ["SYS_PTRACE", [["ptrace"], ["process_vm_readv"], ["kcmp"], ["pidfd_getfd"]]],
    ["SYS_CHROOT", [["chroot"]]],
    ["SYS_NICE", [["sched_setscheduler", 0, 1], ["sched_setattr"], ["mbind"], ["move_pages"]]],
    ["SYS_TIME", [["clock_settime"], ["adjtimex"]]],
    ["SYS_MODULE", [["finit_module"]]],
    ["SYS_BOOT", [["reboot"]]],
    ["SYS_PACCT", [["acct"]]],
    ["SYS_RAWIO", [["iopl"], ["ioperm"]]],
    ["SYS_TTY_CONFIG", [["vhangup"]]],
    ["SYSLOG", [["syslog"]]],
    ["BPF", [["bpf"]]],
    ["PERFMON", [["perf_event_open"]]],
    ["DAC_READ_SEARCH", [["open_by_handle_at"]]],
    [
      "NET_RAW",
      [
        ["socket", 17, 3],
        ["socket", 2, 3, 1],
        ["socket", 10, 3, 58],
      ],
    ],
    [
      "NET_ADMIN",
      [
        ["socket", 16, 3, 12],
        ["socket", 16, 3, 16],
      ],
    ],
  ];

  test.each(CASES)("%s opens up what it is for", (capability, calls) => {
    const [without, withIt] = [ask(defaultProfile()), ask(defaultProfile([capability]))];
    for (const call of calls) {
      expect([call, withIt(...call)]).toEqual([call, "allow"]);
      expect(without(...call)).not.toBe("allow");
    }
  });

  test("none opens up what is nobody's: keyrings, io_uring, kexec, swap, and the families of hypervisor and crypto", () => {
    const answer = ask(defaultProfile(CAPABILITIES));
    for (const name of [
      "keyctl",
      "add_key",
      "io_uring_setup",
      "kexec_load",
      "swapon",
      "userfaultfd",
      "memfd_secret",
      "uselib",
    ])
      expect(answer(name)).not.toBe("allow");
    for (const family of [38, 40]) expect(answer("socket", family, 1)).toBe("EAFNOSUPPORT");
    expect(answer("ioctl", 0, 0x5412)).toBe("EPERM");
  });

  test("come to the same in any order", () => {
    expect(defaultProfile(["SYS_PTRACE", "BPF"])).toEqual(defaultProfile(["BPF", "SYS_PTRACE"]));
  });
});

describe.each(Object.keys(BUILTIN_PROFILES))("the profile %s", (name) => {
  const profile = BUILTIN_PROFILES[name]?.([]) ?? defaultProfile();

  test("has thought of every call that there is", () => {
    const named = new Set(profile.rules.flatMap(({ names }) => names));
    const missing = ARCHES.flatMap((arch) => Object.keys(SYSCALLS[arch])).filter((call) => !named.has(call));
    expect([...new Set(missing)]).toEqual([]);
  });

  test("names no call that there is not", () => {
    expect(profile.rules.flatMap(({ names }) => names).filter((call) => !isSyscall(call))).toEqual([]);
  });

  test("says why, wherever it denies", () => {
    const silent = profile.rules.filter(({ action, why }) => action.kind !== "allow" && why === undefined);
    expect(silent).toEqual([]);
  });
});
