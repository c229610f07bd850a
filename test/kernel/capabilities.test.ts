/**
 * Capabilities of the payload, in all five sets (security.md, rows 13 and 40).
 * @module
 */
import { expect, test } from "bun:test";
import { boxed, shell } from "../support/box.ts";
import { type Caller, describeForCallers } from "../support/callers.ts";
import { parseStatus } from "../support/processes.ts";

const NONE = "0".repeat(16);
const SETS = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] as const;
/** CAP_CHOWN is 0, CAP_NET_RAW is 13. */
const CHOWN_AND_NET_RAW = "0000000000002001";

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

  test("nothing that is executed gains one: no_new_privs", () => {
    expect(parseStatus(shell(caller, "cat /proc/self/status")).NoNewPrivs).toBe("1");
    const flags = ["--allow-new-privileges"];
    expect(parseStatus(shell(caller, "cat /proc/self/status", { flags })).NoNewPrivs).toBe("0");
  });
});
