/**
 * The calls that decide who the payload is, in their order.
 */
import { describe, expect, test } from "bun:test";
import { builtinPlugins } from "../../../plugins/index.ts";
import { printOp } from "../../../src/ir/print.ts";
import { lowerForLaunch } from "../../../src/plan/lower/launch.ts";
import { planSandbox } from "../../../src/sandbox.ts";
import { fakeHost, ROOT } from "../../support/host.ts";

const root = fakeHost({ ...ROOT, nodes: { "/dev/null": "device" } });
const CALLER = { uid: 0, gid: 0 };

const OF_IDENTITY =
  /setgroups|setres|SECUREBITS|capset|capget|AMBIENT|DUMPABLE|PDEATHSIG|NO_NEW_PRIVS|keyctl|uid_map|gid_map|fchown|lifeline|^execve|clone\(/;

const programOf = async (sections: Readonly<Record<string, unknown>>, host = root, caller = CALLER) => {
  const { plan } = await planSandbox({ sections, command: ["/bin/true"], plugins: builtinPlugins }, host);
  return lowerForLaunch(plan, { kind: "launch", caller, terminal: false });
};

/** System calls on identity, one a line. */
const calls = async (...given: Parameters<typeof programOf>): Promise<string> =>
  (await programOf(...given)).ops
    .filter((op) => op.kind === "syscall")
    .map(printOp)
    .filter((line) => OF_IDENTITY.test(line))
    .join("\n");

describe("one id", () => {
  test("is taken at once, and the payload keeps it", async () => {
    expect(await calls({})).toMatchInlineSnapshot(`
      "released = read(lifeline, release[16], 1)
      setgroups(0, 0)
      setresgid(1000, 1000, 1000)
      setresuid(1000, 1000, 1000)
      prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
      payload = clone(CLONE_VM|CLONE_VFORK|SIGCHLD, 0, 0, 0, 0)
      keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)  or ignore ENOSYS
      prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
      prctl(PR_SET_SECUREBITS, SECBIT_NOROOT|SECBIT_NO_SETUID_FIXUP|SECBIT_NO_CAP_AMBIENT_RAISE|locks, 0, 0, 0)
      capset({_LINUX_CAPABILITY_VERSION_3, 0}, {0})
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
      execve("/bin/true", ["/bin/true", 0], ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/s…)
      capset({_LINUX_CAPABILITY_VERSION_3, 0}, {CAP_KILL})  or ignore EPERM"
    `);
  });

  test("of an unprivileged caller's is mapped by the launcher", async () => {
    expect(
      await calls({}, fakeHost({ nodes: { "/dev/null": "device" } }), { uid: 1001, gid: 1002 }),
    ).toMatchInlineSnapshot(`
      "prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
      map = openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY|O_CLOEXEC, 0)
      map = openat(AT_FDCWD, "/proc/self/uid_map", O_WRONLY|O_CLOEXEC, 0)
      map = openat(AT_FDCWD, "/proc/self/gid_map", O_WRONLY|O_CLOEXEC, 0)
      prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
      payload = clone(CLONE_VM|CLONE_VFORK|SIGCHLD, 0, 0, 0, 0)
      keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)  or ignore ENOSYS
      prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
      prctl(PR_SET_SECUREBITS, SECBIT_NOROOT|SECBIT_NO_SETUID_FIXUP|SECBIT_NO_CAP_AMBIENT_RAISE|locks, 0, 0, 0)
      capset({_LINUX_CAPABILITY_VERSION_3, 0}, {0})
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
      execve("/bin/true", ["/bin/true", 0], ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/s…)
      capset({_LINUX_CAPABILITY_VERSION_3, 0}, {CAP_KILL})  or ignore EPERM"
    `);
  });
});

describe("a range of ids", () => {
  test("is worked on as root inside, and left for the payload's at last: groups, gid, uid", async () => {
    expect(await calls({ userns: { mode: "auto", groups: ["44", "7"] } })).toMatchInlineSnapshot(`
      "released = read(lifeline, release[16], 1)
      setgroups(0, 0)
      setresgid(0, 0, 0)
      setresuid(0, 0, 0)
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
      payload = clone(CLONE_VM|CLONE_VFORK|SIGCHLD, 0, 0, 0, 0)
      prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
      setgroups(2, [7, 44])
      setresgid(1000, 1000, 1000)
      setresuid(1000, 1000, 1000)
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
      keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)  or ignore ENOSYS
      prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
      prctl(PR_SET_SECUREBITS, SECBIT_NOROOT|SECBIT_NO_SETUID_FIXUP|SECBIT_NO_CAP_AMBIENT_RAISE|locks, 0, 0, 0)
      capset({_LINUX_CAPABILITY_VERSION_3, 0}, {0})
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
      execve("/bin/true", ["/bin/true", 0], ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/s…)
      capset({_LINUX_CAPABILITY_VERSION_3, 0}, {CAP_KILL})  or ignore EPERM"
    `);
  });

  test("is left with the capabilities that were asked for", async () => {
    expect(await calls({ userns: { mode: "auto" }, capabilities: { add: ["CHOWN"] } })).toMatchInlineSnapshot(`
      "released = read(lifeline, release[16], 1)
      setgroups(0, 0)
      setresgid(0, 0, 0)
      setresuid(0, 0, 0)
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
      payload = clone(CLONE_VM|CLONE_VFORK|SIGCHLD, 0, 0, 0, 0)
      prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
      setgroups(0, 0)
      setresgid(1000, 1000, 1000)
      setresuid(1000, 1000, 1000)
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
      keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)  or ignore ENOSYS
      prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
      capget({_LINUX_CAPABILITY_VERSION_3, 0}, capability sets[24])
      capset({_LINUX_CAPABILITY_VERSION_3, 0}, capability sets[24])
      prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0)
      prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)
      capset({_LINUX_CAPABILITY_VERSION_3, 0}, {CAP_CHOWN})
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
      execve("/bin/true", ["/bin/true", 0], ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/s…)
      capset({_LINUX_CAPABILITY_VERSION_3, 0}, {CAP_KILL})  or ignore EPERM"
    `);
  });

  test("is not left where the payload is root inside", async () => {
    const text = await calls({ userns: { mode: "auto", user: "root" } });
    expect(text.match(/setresuid/g)).toHaveLength(1);
    expect(text).toContain("setresuid(0, 0, 0)");
    expect(text).not.toContain("NO_SETUID_FIXUP, 0");
  });

  test("is left by a process that still ends with its parent where there is no init", async () => {
    const text = await calls({ userns: { mode: "auto" }, pid: { init: false } });
    expect(text).toMatch(
      /setresuid\(1000, 1000, 1000\)\nprctl\(PR_SET_DUMPABLE, 0, 0, 0, 0\)\nprctl\(PR_SET_PDEATHSIG/,
    );
  });

  test("makes overlays as the payload, and arms the death signal again that this disarms", async () => {
    const host = fakeHost({ ...ROOT, nodes: { "/dev/null": "device", "/data": "directory" } });
    const rootfs = { overlays: ["/data:/work"] };
    const made = await calls({ userns: { uidmap: ["0:700000:2000"] }, rootfs }, host);
    expect(made.slice(0, made.indexOf("payload = clone"))).toMatchInlineSnapshot(`
      "released = read(lifeline, release[16], 1)
      setgroups(0, 0)
      setresgid(0, 0, 0)
      setresuid(0, 0, 0)
      prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
      prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
      setresgid(-1, 1000, -1)
      setresuid(-1, 1000, -1)
      setresuid(-1, 0, -1)
      setresgid(-1, 0, -1)
      prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)
      prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
      prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
      "
    `);
    const single = await calls({ rootfs }, host);
    expect(single).not.toContain("setresuid(-1");
  });

  test("gives the payload the home and the tmpfs that are its own", async () => {
    const mounts = async (sections: Readonly<Record<string, unknown>>) =>
      (await programOf(sections)).ops
        .flatMap((op) => (op.kind === "syscall" && op.name === "mount" ? op.args : []))
        .flatMap((operand) => (typeof operand === "object" && operand.kind === "text" ? operand.text : []))
        .filter((text) => text.includes(",uid="));
    const many = await mounts({ userns: { mode: "auto" }, rootfs: { tmpfs: ["/scratch:mode=700"] } });
    expect(many).toHaveLength(2);
    for (const text of many) expect(text).toContain(",uid=1000,gid=1000");
    expect(await mounts({ rootfs: { tmpfs: ["/scratch:mode=700"] } })).toEqual([]);
  });
});
