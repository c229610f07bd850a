/**
 * Init is a process of its own that tells nothing and obeys nobody inside (security.md, rows 27 to 30).
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { describeForMember } from "../support/accounts.ts";
import { box, python, running, shell } from "../support/box.ts";
import { type Caller, describeForCaller, describeForCallers, testAsRoot, testWith } from "../support/callers.ts";
import { isAlive, openFilesOf, stateOf, statusOf } from "../support/processes.ts";

const PTRACE = `
import ctypes, json, os
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    return 0 if getattr(libc, name)(*args) >= 0 else ctypes.get_errno()
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
local = ctypes.create_string_buffer(8)
class Iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
one, other = Iovec(ctypes.addressof(local), 8), Iovec(0x400000, 8)
pidfd = os.pidfd_open(1)
print(json.dumps({
    "attach": call("ptrace", PTRACE_ATTACH, 1, 0, 0),
    "seize": call("ptrace", PTRACE_SEIZE, 1, 0, 0),
    "process_vm_readv": call("process_vm_readv", 1, ctypes.byref(one), 1, ctypes.byref(other), 1, 0),
    "pidfd_getfd": call("syscall", 438, pidfd, 3, 0),
}))`;

const EPERM = 1;

const closed = (caller: Caller, all: readonly (readonly string[])[]): void => {
  for (const flags of all) {
    const as = flags.length > 0 ? `, to a payload with ${flags.join(" ")}` : "";

    test.each(["environ", "maps", "mem", "auxv", "syscall", "io", "stack"])(
      `has no readable /proc/1/%s${as}`,
      (name) => {
        expect(shell(caller, `head -c 1 /proc/1/${name} 2>/dev/null | wc -c`, { flags })).toBe("0");
      },
    );

    test.each(["exe", "root", "cwd", "fd/3", "fd/4", "ns/mnt"])(`has no link /proc/1/%s to follow${as}`, (name) => {
      expect(box(caller, ["readlink", `/proc/1/${name}`], { flags }).exitCode).not.toBe(0);
      expect(box(caller, ["ls", `/proc/1/${name}/`], { flags }).exitCode).not.toBe(0);
    });

    testWith(["python3"], `can be neither traced nor read${as}`, () => {
      expect(python(caller, PTRACE, { flags })).toEqual({
        attach: EPERM,
        seize: EPERM,
        process_vm_readv: EPERM,
        pidfd_getfd: EPERM,
      });
    });
  }
};

const ROOT_WITH_ALL = ["--user", "root", "--cap-add", "ALL"];
const SINGLE = [[], ["--user", "root"], ROOT_WITH_ALL];
const RANGES = [
  ["--userns", "auto"],
  ["--userns", "auto", ...ROOT_WITH_ALL],
];

describeForCaller("root", "init with a range of ids", (caller) => closed(caller, RANGES));
describeForMember("init with a range of ids", (caller) => closed(caller, RANGES));

describeForCallers("init", (caller) => {
  closed(caller, SINGLE);

  test("is not killed, stopped or forwarded to by signals from inside", () => {
    const script =
      'for signal in KILL STOP TERM INT HUP USR1 CONT; do kill -$signal 1; done 2>/dev/null; sleep 0.1; echo "$?"; exit 6';
    // With Landlock they are refused, without it they are taken, and do nothing.
    for (const flags of [[], ["--landlock", "off"]])
      expect(box(caller, ["sh", "-c", script], { flags })).toEqual({ exitCode: 6, stdout: "0\n", stderr: "" });
  });

  testAsRoot("has an empty environment and nothing of the caller's arguments, seen from outside", async () => {
    await using sandbox = await running(caller, { env: { SECRET: "caller's own" } });
    for (const pid of [sandbox.init, sandbox.pid]) expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toBe("");
    expect(readFileSync(`/proc/${sandbox.init}/cmdline`, "utf8")).toBe("bunker\0");
    expect(readFileSync(`/proc/${sandbox.payload}/environ`, "utf8")).not.toContain("SECRET");
  });

  testAsRoot("has no capability but the one to signal a payload of another user", async () => {
    await using sandbox = await running(caller, { flags: ["--cap-add", "ALL"] });
    for (const set of ["CapInh", "CapPrm", "CapEff"]) expect(statusOf(sandbox.init, set)).toBe("0000000000000020");
  });

  testAsRoot("has one thread, and no file that leads to the host", async () => {
    await using sandbox = await running(caller);
    expect(statusOf(sandbox.init, "Threads")).toBe("1");
    expect([...openFilesOf(sandbox.init)].sort()).toEqual(["anon_inode:[signalfd]", "pipe", "pipe"]);
  });

  test("ends everything when it is killed from outside", async () => {
    await using sandbox = await running(caller);
    process.kill(sandbox.init, "SIGKILL");
    expect(await sandbox.process.exited).toBe(137);
    expect(isAlive(sandbox.payload)).toBe(false);
    expect(stateOf(sandbox.init)).toBe("");
  });
});
