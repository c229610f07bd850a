import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BunkerError, errorToJson } from "../../../src/errors.ts";
import { readOciProfile } from "../../../src/seccomp/oci/read.ts";

const read = (profile: unknown) =>
  readOciProfile("p.json", typeof profile === "string" ? profile : JSON.stringify(profile));

const ENTRY = { names: ["read"], action: "SCMP_ACT_ALLOW" };
const withEntry = (entry: object) => ({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ ...ENTRY, ...entry }] });
const withArg = (arg: object) => withEntry({ args: [{ index: 0, value: 1, op: "SCMP_CMP_EQ", ...arg }] });

describe("a profile in a file", () => {
  test("has defaults where Docker has them", () => {
    expect(read({ defaultAction: "SCMP_ACT_ERRNO" })).toEqual({
      file: "p.json",
      defaultAction: { kind: "errno", errno: 1 },
      flags: [],
      architectures: [],
      archMap: {},
      hasListener: false,
      entries: [],
    });
  });

  test("takes null for a list that is empty, and a single name", () => {
    const { entries, archMap } = read({
      defaultAction: "SCMP_ACT_ERRNO",
      archMap: [{ architecture: "SCMP_ARCH_RISCV64", subArchitectures: null }],
      syscalls: [{ name: "read", action: "SCMP_ACT_ALLOW", args: null, includes: null, excludes: {} }],
    });
    expect(archMap).toEqual({ SCMP_ARCH_RISCV64: [] });
    expect(entries).toMatchObject([{ names: ["read"], args: [] }]);
  });

  test.each([
    ["SCMP_ACT_KILL", {}, { kind: "killThread" }],
    ["SCMP_ACT_KILL_THREAD", {}, { kind: "killThread" }],
    ["SCMP_ACT_KILL_PROCESS", {}, { kind: "killProcess" }],
    ["SCMP_ACT_TRAP", {}, { kind: "trap", data: 0 }],
    ["SCMP_ACT_ERRNO", {}, { kind: "errno", errno: 1 }],
    ["SCMP_ACT_ERRNO", { errnoRet: 0 }, { kind: "errno", errno: 0 }],
    ["SCMP_ACT_ERRNO", { errnoRet: 4095 }, { kind: "errno", errno: 4095 }],
    ["SCMP_ACT_ERRNO", { errno: "ENOSYS" }, { kind: "errno", errno: 38 }],
    ["SCMP_ACT_TRACE", {}, { kind: "trace", data: 1 }],
    ["SCMP_ACT_TRACE", { errnoRet: 65535 }, { kind: "trace", data: 65535 }],
    ["SCMP_ACT_ALLOW", {}, { kind: "allow" }],
    ["SCMP_ACT_LOG", {}, { kind: "log" }],
    ["SCMP_ACT_NOTIFY", {}, { kind: "notify" }],
  ] as const)("knows the action %s with %p", (action, more, expected) => {
    expect(read(withEntry({ action, ...more })).entries[0]?.action).toEqual(expected);
  });

  test.each(["NE", "LT", "LE", "EQ", "GE", "GT"] as const)("knows the comparison %s, of 64 bits", (operator) => {
    const [entry] = read(withArg({ index: 5, value: 7, op: `SCMP_CMP_${operator}` })).entries;
    expect(entry?.args).toEqual([{ argument: 5, bits: 64, operator, value: 7n }]);
  });

  test("compares what is under the mask, the first value, with what is under it of the second", () => {
    const [entry] = read(withArg({ value: 0xf0, valueTwo: 0x1f, op: "SCMP_CMP_MASKED_EQ" })).entries;
    expect(entry?.args).toEqual([{ argument: 0, bits: 64, operator: "MASKED_EQ", mask: 0xf0n, value: 0x10n }]);
  });

  test("reads numbers of 64 bits exactly, which a double cannot hold", () => {
    const text = JSON.stringify(withArg({ value: 111 })).replace("111", "18446744073709551615");
    expect(read(text).entries[0]?.args[0]?.value).toBe(0xffffffffffffffffn);
    const other = JSON.stringify(withArg({ value: 111 })).replace("111", "9007199254740993");
    expect(read(other).entries[0]?.args[0]?.value).toBe(9007199254740993n);
  });
});

describe("what is wrong with a profile is said with its place, the value and what is allowed", () => {
  const FIRST_ACTIONS = "allowed: SCMP_ACT_KILL, SCMP_ACT_KILL_THREAD";

  test.each<[unknown, string]>([
    [[], "the file: value []; allowed: an object"],
    [{}, `defaultAction: no value; ${FIRST_ACTIONS}`],
    [{ defaultAction: "ALLOW" }, `defaultAction: value "ALLOW"; ${FIRST_ACTIONS}`],
    [
      { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 4096 },
      "defaultErrnoRet: value 4096; allowed: a whole number from 0 to 4095",
    ],
    [{ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: -1 }, "defaultErrnoRet: value -1; allowed: a whole number"],
    [
      { defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1 },
      "defaultErrnoRet: value 1; allowed: nothing: SCMP_ACT_ALLOW returns no errno",
    ],
    [{ defaultAction: "SCMP_ACT_ALLOW", syscalls: {} }, "syscalls: value {}; allowed: a list"],
    [{ defaultAction: "SCMP_ACT_ALLOW", flags: ["LOG"] }, 'flags[0]: value "LOG"; allowed: SECCOMP_FILTER_FLAG_TSYNC'],
    [
      { defaultAction: "SCMP_ACT_ALLOW", architectures: ["amd64"] },
      'architectures[0]: value "amd64"; allowed: SCMP_ARCH_X86',
    ],
    [
      {
        defaultAction: "SCMP_ACT_ALLOW",
        architectures: ["SCMP_ARCH_X86"],
        archMap: [{ architecture: "SCMP_ARCH_X86", subArchitectures: [] }],
      },
      "allowed: either architectures or archMap, not both",
    ],
    [withEntry({ names: [] }), "syscalls[0].names: value []; allowed: a list with at least one name"],
    [withEntry({ names: ["a b"] }), 'syscalls[0].names[0]: value "a b"; allowed: the name of a system call'],
    [withEntry({ names: [7] }), "syscalls[0].names[0]: value 7; allowed: the name of a system call"],
    [withEntry({ name: "read" }), 'syscalls[0].name: value "read"; allowed: either name or names, not both'],
    [withEntry({ action: undefined }), "syscalls[0].action: no value"],
    [withEntry({ action: "SCMP_ACT_ERRNO", errno: "EPREM" }), 'syscalls[0].errno: value "EPREM"; allowed: EPERM'],
    [withArg({ op: "SCMP_CMP_EQUAL" }), 'syscalls[0].args[0].op: value "SCMP_CMP_EQUAL"; allowed: SCMP_CMP_NE'],
    [withArg({ index: 6 }), "syscalls[0].args[0].index: value 6; allowed: a whole number from 0 to 5"],
    [withArg({ value: 1.5 }), "syscalls[0].args[0].value: value 1.5; allowed: a whole number"],
    [withArg({ value: "1" }), 'syscalls[0].args[0].value: value "1"; allowed: a whole number'],
    [
      withEntry({ includes: { caps: ["SYS_ADMIN"] } }),
      'syscalls[0].includes.caps[0]: value "SYS_ADMIN"; allowed: the name of a capability',
    ],
    [
      withEntry({ excludes: { minKernel: "4" } }),
      'syscalls[0].excludes.minKernel: value "4"; allowed: a release as MAJOR.MINOR',
    ],
  ])("%j", (profile, message) => {
    expect(() => read(profile)).toThrow(message);
    expect(() => read(profile)).toThrow('seccomp profile "p.json"');
  });

  test("a number beyond 64 bits", () => {
    const text = JSON.stringify(withArg({ value: 111 })).replace("111", "18446744073709551616");
    expect(() => read(text)).toThrow(
      "value 18446744073709551616; allowed: a whole number from 0 to 18446744073709551615",
    );
  });

  test.each([
    [{ defaultaction: "SCMP_ACT_ALLOW" }, "unknown key defaultaction", "did you mean defaultAction?"],
    [withEntry({ arg: [] }), "unknown key syscalls[0].arg", "did you mean args?"],
    [withArg({ val: 1 }), "unknown key syscalls[0].args[0].val", "known: index, value, valueTwo or op"],
  ])("%j has a key that is none", (profile, message, hint) => {
    const failed = (() => {
      try {
        return read(profile);
      } catch (error) {
        return error;
      }
    })();
    expect(errorToJson(failed)).toMatchObject({
      code: "E_SECCOMP_KEY",
      message: expect.stringContaining(message),
      hint,
    });
  });

  test("of any JSON at all nothing but such a refusal comes", () => {
    const name = fc.constantFrom(
      "defaultAction",
      "syscalls",
      "names",
      "action",
      "args",
      "index",
      "value",
      "op",
      "caps",
    );
    const word = fc.constantFrom("SCMP_ACT_ERRNO", "SCMP_CMP_EQ", "read", "__proto__", "constructor");
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.oneof(word, fc.jsonValue()),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.oneof(name, word), tie("value"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (given) => {
        try {
          read({ defaultAction: "SCMP_ACT_ALLOW", syscalls: [given] });
        } catch (error) {
          expect(error).toBeInstanceOf(BunkerError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each(["", "{", "null x", "'a'"])("%p is not JSON", (text) => {
    expect(() => read(text)).toThrow('seccomp profile "p.json" is not JSON: ');
  });
});
