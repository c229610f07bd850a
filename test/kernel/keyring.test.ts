/**
 * Keys of the caller's stay with the caller (security.md, row 26).
 * @module
 */
import { expect } from "bun:test";
import { callerWith, describeForMember, MEMBER } from "../support/accounts.ts";
import { box, python } from "../support/box.ts";
import { type Caller, describeForCaller, describeForCallers, testWith } from "../support/callers.ts";

const ARCH = process.arch;
const NUMBERS = ARCH === "x64" ? { add_key: 248, keyctl: 250 } : { add_key: 217, keyctl: 219 };

const CALLS = `
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
JOIN, DESCRIBE, SEARCH, READ, SESSION = 1, 6, 10, 11, -3
def keyctl(*args):
    result = libc.syscall(${NUMBERS.keyctl}, *args)
    return result if result >= 0 else os.strerror(ctypes.get_errno())
`;

/** A caller whose session keyring has a key. Its number is the last argument of what it executes. */
const WITH_KEY = `${CALLS}
keyctl(JOIN, None)
key = libc.syscall(${NUMBERS.add_key}, b"user", b"bunker-test", b"secret", 6, SESSION)
os.execvp(sys.argv[1], sys.argv[1:] + [str(key)])`;

/** What a payload finds of it. */
const LOOK = `${CALLS}
key = int(sys.argv[1])
text = ctypes.create_string_buffer(64)
found = keyctl(SEARCH, SESSION, b"user", b"bunker-test", 0)
length = keyctl(READ, key, text, 64)
ring = keyctl(READ, SESSION, text, 64)
names = [line.split()[8] for line in open("/proc/keys")] if os.path.exists("/proc/keys") else []
print(json.dumps({"found": found == key, "read": length, "session": ring, "names": names}))`;

interface Found {
  readonly found: boolean;
  readonly read: number | string;
  readonly session: number;
  readonly names: readonly string[];
}

/** Without a filter, which denies all that the payload could do with keys, and with a /proc/keys. */
const look = (caller: Caller, ...flags: readonly string[]): Found =>
  python(caller, LOOK, {
    flags: [...flags, "--seccomp", "none", "--proc", "full"],
    through: ["/usr/bin/python3", "-c", WITH_KEY],
  }) as Found;

describeForCallers("the session keyring", (caller) => {
  testWith(["python3"], "is a new one: nothing of the caller's can be found or read", () => {
    for (const flags of [[], ["--user", "root"], ["--no-init"], ["--user", "root", "--cap-add", "ALL"]])
      expect([flags, look(caller, ...flags)]).toEqual([
        flags,
        expect.objectContaining({ found: false, read: "Permission denied", session: 0 }),
      ]);
  });

  testWith(["python3"], "is the caller's with --keyring host, which shows that there is something to find", () => {
    expect(look(caller, "--keyring", "host")).toMatchObject({ found: true, read: 6, session: 4 });
  });
});

/** A caller whose user has no key left to make. */
const WITHOUT_QUOTA = `${CALLS}
keyctl(JOIN, None)
for number in range(100000):
    if libc.syscall(${NUMBERS.add_key}, b"user", b"bunker-test-%d" % number, b"x", 1, SESSION) < 0: break
os.execvp(sys.argv[1], sys.argv[1:])`;

describeForMember("a user who has all the keys that it may", () => {
  testWith(["python3"], "is told so, and how to do without a new keyring", () => {
    // Nobody else's quota.
    const caller = callerWith({ ...MEMBER, uid: 61_236 });
    const through = ["/usr/bin/python3", "-c", WITHOUT_QUOTA];
    const { exitCode, stderr } = box(caller, ["true"], { through });
    expect([exitCode, stderr]).toEqual([
      125,
      expect.stringContaining("keyring: keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL): EDQUOT"),
    ]);
    expect(stderr).toContain("/proc/sys/kernel/keys/maxkeys");
    expect(box(caller, ["true"], { through, flags: ["--keyring", "host"] }).exitCode).toBe(0);
  });
});

const isOfTheSandbox = (name: string): boolean => name === "_ses:";

describeForCaller("root", "/proc/keys", (caller) => {
  testWith(["python3"], "shows nothing but the payload's own", () => {
    for (const flags of [[], ["--userns", "auto"], ["--user", "root"]])
      expect(look(caller, ...flags).names.filter((name) => !isOfTheSandbox(name))).toEqual([]);
  });
});

describeForMember("/proc/keys", (caller) => {
  testWith(["python3"], "shows nothing but the payload's own with a range of ids", () => {
    const { names, found, read } = look(caller, "--userns", "auto");
    expect(names.filter((name) => !isOfTheSandbox(name))).toEqual([]);
    expect([found, read]).toEqual([false, "Permission denied"]);
  });
});
