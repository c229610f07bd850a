/**
 * Capabilities of the payload, in all five sets (security.md, rows 13 and 40).
 * @module
 */
import { expect, test } from "bun:test";
import { boxed, python, shell } from "../support/box.ts";
import { type Caller, describeForCallers, testWith } from "../support/callers.ts";
import { parseStatus } from "../support/processes.ts";

const NONE = "0".repeat(16);
const SETS = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] as const;
/** CAP_CHOWN is 0, CAP_NET_RAW is 13. */
const CHOWN_AND_NET_RAW = "0000000000002001";

/** NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE are set, and these and KEEP_CAPS are locked: linux/securebits.h. */
const LOCKED = { bits: 0xef, set: "EPERM", keep: "EPERM", raise: "EPERM" };

const SECUREBITS = `
import ctypes, errno, json
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_KEEPCAPS, PR_GET_SECUREBITS, PR_SET_SECUREBITS, PR_CAP_AMBIENT, RAISE, LOWER, NET_RAW = 8, 27, 28, 47, 2, 3, 13
def prctl(*args):
    args = list(args) + [0] * (5 - len(args))
    return "done" if libc.prctl(*[ctypes.c_ulong(arg) for arg in args]) >= 0 else errno.errorcode[ctypes.get_errno()]
prctl(PR_CAP_AMBIENT, LOWER, NET_RAW)
print(json.dumps({
    "bits": libc.prctl(PR_GET_SECUREBITS, 0, 0, 0, 0),
    "raise": prctl(PR_CAP_AMBIENT, RAISE, NET_RAW),
    "keep": prctl(PR_SET_KEEPCAPS, 1),
    "set": prctl(PR_SET_SECUREBITS, 0),
}))`;

const setsOf = (caller: Caller, ...flags: readonly string[]): string[] => {
  const status = parseStatus(boxed(caller, ["cat", "/proc/self/status"], { flags }));
  return SETS.map((set) => status[set] ?? "");
};

const boundingOf = (caller: Caller, ...flags: readonly string[]): bigint => BigInt(`0x${setsOf(caller, ...flags)[3]}`);

describeForCallers("capabilities", (caller) => {
  test.each([[[]], [["--user", "root"]], [["--no-init"]], [["--userns", "private", "--pid", "host"]]])(
    "there are none in any of the five sets with %p",
    (flags) => {
      expect(setsOf(caller, ...flags)).toEqual(Array(5).fill(NONE));
    },
  );

  test("those of --cap-add are in all five", () => {
    const flags = ["--cap-add", "NET_RAW", "--cap-add", "cap_chown"];
    expect(setsOf(caller, ...flags)).toEqual(Array(5).fill(CHOWN_AND_NET_RAW));
    expect(setsOf(caller, ...flags, "--user", "root")).toEqual(Array(5).fill(CHOWN_AND_NET_RAW));
  });

  test("--cap-add ALL has no more than the kernel knows, and --cap-drop takes some away", () => {
    const last = Number(shell(caller, "cat /proc/sys/kernel/cap_last_cap"));
    const all = boundingOf(caller, "--cap-add", "ALL");
    expect(all >> BigInt(last + 1)).toBe(0n);
    expect(all - boundingOf(caller, "--cap-add", "ALL", "--cap-drop", "NET_RAW")).toBe(1n << 13n);
  });

  testWith(["python3"], "securebits are locked where there are none, so that none can come back", () => {
    for (const flags of [[], ["--user", "root"], ["--no-init"], ["--userns", "auto"]]) {
      if (caller.name === "unprivileged" && flags.includes("auto")) continue;
      expect([flags, python(caller, SECUREBITS, { flags })]).toEqual([flags, LOCKED]);
    }
  });

  testWith(["python3"], "securebits are as programs expect them where there are some, for every user", () => {
    for (const flags of [[], ["--user", "root"], ["--userns", "auto"], ["--userns", "auto", "--user", "root"]]) {
      if (caller.name === "unprivileged" && flags.includes("auto")) continue;
      const given = [...flags, "--cap-add", "SETPCAP", "--cap-add", "NET_RAW"];
      expect([flags, python(caller, SECUREBITS, { flags: given })]).toEqual([
        flags,
        { bits: 0, set: "done", keep: "done", raise: "done" },
      ]);
    }
  });

  test("nothing that is executed gains one: no_new_privs", () => {
    expect(parseStatus(shell(caller, "cat /proc/self/status")).NoNewPrivs).toBe("1");
    const flags = ["--allow-new-privileges"];
    expect(parseStatus(shell(caller, "cat /proc/self/status", { flags })).NoNewPrivs).toBe("0");
  });
});
