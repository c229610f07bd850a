import { describe, expect, test } from "bun:test";
import type { HostFacts } from "../../src/errors/hints.ts";
import { launcherDied, launchFailed } from "../../src/errors/launch.ts";
import { errnos } from "../../src/linux/errno.ts";

const ORDINARY: HostFacts = {
  maxUserNamespaces: 15000,
  unprivilegedUsernsClone: undefined,
  apparmorRestrictUserns: undefined,
  seccompMode: 0,
  procMasked: false,
  kernelRelease: "6.1.0",
  landlockAbi: 2,
  uid: 1000,
  executable: "/usr/local/bin/bunker",
  isStranger: false,
};

const failure = (
  syscall: string,
  errno: keyof typeof errnos,
  facts: Partial<HostFacts> = {},
  sentence = `${syscall}(…)`,
) =>
  launchFailed(
    { plugin: "userns", phase: "launch", sentence, syscall, errno: errnos[errno] },
    { ...ORDINARY, ...facts },
  );

test("the message names plugin, call, argument and errno", () => {
  const error = failure("move_mount", "EPERM", {}, 'move_mount("/usr" → "usr")');
  expect(error.message).toBe('userns: move_mount("/usr" → "usr"): EPERM, operation not permitted');
  expect(error.code).toBe("E_LAUNCH");
});

describe("where user namespaces are forbidden, the hint names the switch", () => {
  test.each<[string, keyof typeof errnos, Partial<HostFacts>, RegExp]>([
    ["the limit set to nothing", "ENOSPC", { maxUserNamespaces: 0 }, /sysctl -w user\.max_user_namespaces=/],
    ["Debian's", "EPERM", { unprivilegedUsernsClone: 0 }, /sysctl -w kernel\.unprivileged_userns_clone=1/],
    ["AppArmor's", "EACCES", { apparmorRestrictUserns: 1 }, /profile bunker \/usr\/local\/bin\/bunker.*userns, /s],
    ["an outer container's filter", "EPERM", { seccompMode: 2 }, /seccomp filter.*outer container/],
    ["a chroot", "EPERM", {}, /chroot/],
    ["the nesting limit", "ENOSPC", {}, /32 levels/],
    ["the nesting limit of old kernels", "EUSERS", {}, /32 levels/],
    ["the limit on processes", "EAGAIN", {}, /pids\.max/],
  ])("%s", (_label, errno, facts, hint) => {
    const error = failure("clone", errno, facts);
    expect(error.code).toBe("E_NAMESPACES");
    expect(error.hint).toMatch(hint);
  });

  test("but not one that concerns unprivileged callers only, to root", () => {
    const { hint } = failure("clone", "EPERM", { uid: 0, unprivilegedUsernsClone: 0, apparmorRestrictUserns: 1 });
    expect(hint).toMatch(/chroot/);
  });

  test("also where the namespace was made and AppArmor took its capabilities", () => {
    expect(failure("mount", "EACCES", { apparmorRestrictUserns: 1 }).hint).toContain("AppArmor");
  });
});

describe("a seccomp filter that cannot be installed", () => {
  test.each<[keyof typeof errnos, Partial<HostFacts>, RegExp]>([
    ["EINVAL", {}, /6\.1\.0, has no seccomp filters \(CONFIG_SECCOMP_FILTER\).*--seccomp none/],
    ["EACCES", {}, /leave out --allow-new-privileges/],
    ["ENOMEM", {}, /too long together/],
    ["ENOSYS", {}, /built without seccomp; .*--seccomp none/],
    ["ENOSYS", { seccompMode: 2 }, /outer container/],
    ["EPERM", { seccompMode: 2 }, /outer container/],
  ])("says of %s what to do, on a host with %p", (errno, facts, hint) => {
    expect(failure("seccomp", errno, facts).hint).toMatch(hint);
  });

  test("or that ends the launcher is named", () => {
    expect(launcherDied(31).hint).toContain("must allow execve, write and exit_group");
  });
});

describe("a new /proc", () => {
  const PROC = 'fsmount(a new "proc")';

  test("that a masking container forbids says how to unmask, and how to do without", () => {
    const error = failure("fsmount", "EPERM", { procMasked: true }, PROC);
    expect(error.code).toBe("E_MOUNT_PROC");
    expect(error.hint).toMatch(/systempaths=unconfined.*--pid host/s);
  });

  test("without a full one in view says so", () => {
    expect(failure("fsmount", "EPERM", {}, PROC).hint).toContain("--pid host");
  });
});

describe("a call that is not there", () => {
  test.each([
    ["open_tree", "5.2"],
    ["move_mount", "5.2"],
    ["openat2", "5.6"],
    ["close_range", "5.9"],
    ["mount_setattr", "5.12"],
  ])("%s: names the kernel that brought it, %s", (syscall, since) => {
    const error = failure(syscall, "ENOSYS", { kernelRelease: "4.19.0" });
    expect(error.code).toBe("E_KERNEL_TOO_OLD");
    expect(error.hint).toBe(`${syscall} came with Linux ${since}, this is 4.19.0`);
  });

  test("is blamed on an outer filter where there is one", () => {
    expect(failure("mount_setattr", "ENOSYS", { seccompMode: 2 }).hint).toContain("seccomp filter");
  });
});

describe("a directory of the user's that the payload may not enter", () => {
  test.each<[string, Partial<HostFacts>, RegExp | undefined]>([
    ["root's sandbox is somebody else", { uid: 0, isStranger: true }, /what root starts .*: chmod o\+x/],
    ["one with a range of ids is too", { isStranger: true }, /ids that are not yours: chmod o\+x/],
    ["one with the caller's own ids is not", {}, undefined],
  ])("%s", (_label, facts, hint) => {
    const error = failure("chdir", "EACCES", facts);
    if (hint === undefined) expect(error.hint).toBeUndefined();
    else expect(error.hint).toMatch(hint);
  });
});

describe("a keyring that cannot be joined", () => {
  test.each<[keyof typeof errnos, RegExp]>([
    ["EPERM", /seccomp filter.*--keyring host/],
    ["EDQUOT", /too many keys.*maxkeys.*--keyring host/],
  ])("%s says why, and how to do without", (errno, hint) => {
    expect(failure("keyctl", errno).hint).toMatch(hint);
  });
});

test("a limit on user namespaces that cannot be written says how to leave it", () => {
  const sentence = 'open("/proc/sys/user/max_user_namespaces")';
  expect(failure("openat", "EROFS", {}, sentence).hint).toContain("--allow-userns");
});

test("inside of a sandbox that forbids them the hint says how that one allows user namespaces", () => {
  expect(failure("clone", "ENOSPC", { maxUserNamespaces: 0 }).hint).toContain("--allow-userns");
});

test("mounts that Landlock forbids around us are blamed on the sandbox outside", () => {
  expect(failure("mount", "EPERM", {}, 'mount(0, "/", 0, MS_REC|MS_PRIVATE, 0)').hint).toContain("--landlock fs=off");
});

test("a failure that nothing is known about has no hint, rather than a wrong one", () => {
  expect(failure("sethostname", "EINVAL").hint).toBeUndefined();
});

describe("a place inside that cannot be reached", () => {
  const ROOT = { uid: 0 };

  test.each<[string, string, keyof typeof errnos, Partial<HostFacts>, RegExp]>([
    ["through a link", "openat2", "ELOOP", {}, /symbolic link is in the way/],
    ["that is gone", "openat2", "ENOENT", {}, /somebody else has moved or removed it/],
    ["closed to the sandbox of root", "openat2", "EACCES", ROOT, /unprivileged id of its own/],
    ["with a locked mount below", "open_tree", "EINVAL", {}, /an overlay shows one file system/],
  ])("%s has a hint", (_label, syscall, errno, facts, hint) => {
    expect(failure(syscall, errno, facts).hint).toMatch(hint);
  });

  test("is no overlay's fault, unless it is one's", () => {
    const overlay = (errno: keyof typeof errnos) => failure("fsconfig", errno, {}, 'fsconfig("overlay", CREATE)').hint;
    expect(overlay("EINVAL")).toContain("a layer cannot be one");
    expect(overlay("EBUSY")).toContain("another sandbox writes to that upper directory");
    expect(overlay("ESTALE")).toContain("over another source");
    expect(failure("fsconfig", "EINVAL", {}, 'fsconfig("tmpfs", CREATE)').hint).toBeUndefined();
  });
});
