import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AUDIT_ARCH } from "../../src/linux/seccomp.ts";
import { SYSCALLS } from "../../src/linux/syscall-tables.ts";
import type { Arch } from "../../src/linux/syscalls.ts";
import { type Action, ALLOW, decodeAction, encodeAction, errno, KILL } from "../../src/seccomp/action.ts";
import { isCacheable, problemsOf } from "../../src/seccomp/check.ts";
import { compile } from "../../src/seccomp/compile.ts";
import { low, lowMasked } from "../../src/seccomp/condition.ts";
import { interpret } from "../../src/seccomp/interpret.ts";
import { type Call, decide, policyOf } from "../../src/seccomp/policy.ts";
import { type Condition, OPERATORS, type Profile, type Rule } from "../../src/seccomp/profile.ts";
import { BUILTIN_PROFILES } from "../../src/seccomp/profiles/builtin.ts";
import { loggingProfile } from "../../src/seccomp/profiles/logging.ts";
import { ARCHES, listing } from "../support/seccomp.ts";

const profile = (rules: readonly Rule[], more: Partial<Profile> = {}): Profile => ({
  name: "test",
  rules,
  otherwise: errno(1),
  unknown: errno(38),
  known: "rules",
  flags: [],
  hasListener: false,
  remarks: [],
  ...more,
});

const wide = (argument: number, operator: Condition["operator"], value: bigint, mask?: bigint): Condition => ({
  argument,
  bits: 64,
  operator,
  value,
  ...(mask === undefined ? {} : { mask }),
});

const onlyRead = (when: readonly Condition[]): string =>
  listing(compile(policyOf(profile([{ names: ["read"], action: ALLOW, when }]), "arm64")));

describe("a filter", () => {
  test("looks at the architecture, then at the number, and on x64 kills calls of x32", () => {
    const rules = [{ names: ["read", "write", "close"], action: ALLOW }];
    expect(listing(compile(policyOf(profile(rules), "x64")))).toMatchInlineSnapshot(`
      "0000 ld   [4]                      arch
      0001 jeq  #0xc000003e, 0002, 0010  x86_64
      0002 ld   [0]                      syscall
      0003 jge  #4, 0004, 0007           stat
      0004 jge  #0xffffffff, 0006, 0005
      0005 jge  #0x40000000, 0010, 0006
      0006 ret  0x50026                  ENOSYS
      0007 jeq  #2, 0008, 0009           open
      0008 ret  0x50001                  EPERM
      0009 ret  0x7fff0000               allow
      0010 ret  0x80000000               kill process"
    `);
  });

  test("loads an argument once for all the values that it is compared with", () => {
    const rules: readonly Rule[] = [2, 10].flatMap((family) =>
      [1, 2].map((type) => ({
        names: ["socket"],
        action: ALLOW,
        when: [low(0, "EQ", family), lowMasked(1, 0xf, type)],
      })),
    );
    expect(listing(compile(policyOf(profile(rules), "arm64")))).toMatchInlineSnapshot(`
      "0000 ld   [4]                      arch
      0001 jeq  #0xc00000b7, 0002, 0015  aarch64
      0002 ld   [0]                      syscall
      0003 jge  #0xc7, 0004, 0005        socketpair
      0004 ret  0x50026                  ENOSYS
      0005 jge  #0xc6, 0006, 0014        socket
      0006 ld   [16]                     arg0
      0007 jeq  #2, 0009, 0008
      0008 jeq  #0xa, 0009, 0014
      0009 ld   [24]                     arg1
      0010 and  #0xf
      0011 jeq  #1, 0013, 0012
      0012 jeq  #2, 0013, 0014
      0013 ret  0x7fff0000               allow
      0014 ret  0x50001                  EPERM
      0015 ret  0x80000000               kill process"
    `);
  });

  test("compares 64 bits in halves, the high one first", () => {
    expect(onlyRead([wide(1, "GT", 0x1_0000_0005n)])).toMatchInlineSnapshot(`
      "0000 ld   [4]                      arch
      0001 jeq  #0xc00000b7, 0002, 0013  aarch64
      0002 ld   [0]                      syscall
      0003 jge  #0x40, 0004, 0005        write
      0004 ret  0x50026                  ENOSYS
      0005 jge  #0x3f, 0006, 0012        read
      0006 ld   [28]                     arg1 high
      0007 jeq  #1, 0008, 0010
      0008 ld   [24]                     arg1
      0009 jge  #6, 0011, 0012
      0010 jge  #2, 0011, 0012
      0011 ret  0x7fff0000               allow
      0012 ret  0x50001                  EPERM
      0013 ret  0x80000000               kill process"
    `);
  });

  test("tests bits without taking them out of the accumulator", () => {
    expect(onlyRead([lowMasked(0, 0x7e020000, 0), low(0, "NE", 7)])).toMatchInlineSnapshot(`
      "0000 ld   [4]                      arch
      0001 jeq  #0xc00000b7, 0002, 0011  aarch64
      0002 ld   [0]                      syscall
      0003 jge  #0x40, 0004, 0005        write
      0004 ret  0x50026                  ENOSYS
      0005 jge  #0x3f, 0006, 0010        read
      0006 ld   [16]                     arg0
      0007 jset #0x7e020000, 0010, 0008
      0008 jeq  #7, 0010, 0009
      0009 ret  0x7fff0000               allow
      0010 ret  0x50001                  EPERM
      0011 ret  0x80000000               kill process"
    `);
  });

  test("has one body for calls with the same rules", () => {
    const when = [low(0, "EQ", 3)];
    const [one, two] = [["getpid"], ["getpid", "read", "openat"]].map(
      (names) => compile(policyOf(profile([{ names, action: ALLOW, when }]), "x64")).length,
    );
    // Only the search has more to tell apart: two more places, each with two borders.
    expect(Number(two) - Number(one)).toBeLessThanOrEqual(4);
  });

  test("is nothing but an answer where no call makes a difference", () => {
    const all = profile([], { otherwise: KILL, unknown: KILL });
    expect(listing(compile(policyOf(all, "x64")))).toBe("0000 ret  0x80000000               kill process");
  });

  test("has no room for what the kernel would not take", () => {
    const rules = Array.from({ length: 300 }, (_, index) => ({
      names: ["ioctl"],
      action: errno((index % 100) + 1),
      when: [0, 1, 2, 3, 4, 5].map((argument) => wide(argument, "EQ", BigInt(index * 7 + argument) << 20n)),
    }));
    expect(() => compile(policyOf(profile(rules, { otherwise: ALLOW }), "x64"))).toThrow("the kernel takes 4096");
  });

  test("is not even tried where one call has more conditions than there are instructions", () => {
    const rules = Array.from({ length: 5000 }, (_, index) => ({
      names: ["ioctl"],
      action: errno((index % 2) + 1),
      when: [low(1, "EQ", index)],
    }));
    expect(() => compile(policyOf(profile(rules, { otherwise: ALLOW }), "x64"))).toThrow("too many conditions");
  });
});

// --- properties ---

const INTERESTING = [0n, 1n, 2n, 7n, 38n, 40n, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn, 0x100000000n].concat(
  [0x100000001n, 0x700000007n, 0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffff00000000n, 0xffffffffffffffffn],
);
const word64 = fc.oneof(fc.constantFrom(...INTERESTING), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

const condition: fc.Arbitrary<Condition> = fc
  .record({
    argument: fc.constantFrom(0, 0, 1, 2, 5),
    bits: fc.constantFrom(32, 64) as fc.Arbitrary<32 | 64>,
    operator: fc.constantFrom(...OPERATORS),
    value: word64,
    mask: word64,
  })
  .map(({ argument, bits, operator, value, mask }) => ({
    argument,
    bits,
    operator,
    value: BigInt.asUintN(bits, value),
    ...(operator === "MASKED_EQ" ? { mask: BigInt.asUintN(bits, mask) } : {}),
  }));

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.constantFrom<Action>(
    { kind: "allow" },
    { kind: "log" },
    { kind: "killProcess" },
    { kind: "killThread" },
    { kind: "notify" },
  ),
  fc.nat(4095).map((number): Action => ({ kind: "errno", errno: number })),
  fc.nat(0xffff).map((data): Action => ({ kind: "trace", data })),
  fc.nat(0xffff).map((data): Action => ({ kind: "trap", data })),
);

const names = [...new Set(ARCHES.flatMap((arch) => Object.keys(SYSCALLS[arch])))];

const rule: fc.Arbitrary<Rule> = fc.record({
  names: fc.array(fc.constantFrom(...names, "no_such_call"), { minLength: 1, maxLength: 5 }),
  action,
  when: fc.array(condition, { maxLength: 3 }),
});

const anyProfile: fc.Arbitrary<Profile> = fc
  .record({
    rules: fc.array(rule, { maxLength: 20 }),
    otherwise: action,
    unknown: action,
    known: fc.constantFrom("rules", "tables") as fc.Arbitrary<Profile["known"]>,
  })
  .map(({ rules, ...more }) => profile(rules, more));

/** Values around those of a policy's conditions: everywhere else nothing changes. */
const argumentsNear = (rules: readonly Rule[]): fc.Arbitrary<bigint[]> => {
  const values = rules.flatMap(({ when = [] }) => when.flatMap(({ value, mask = 0n }) => [value, mask]));
  const near = values.flatMap((value) => [value, value - 1n, value + 1n, value | (1n << 32n), value << 32n]);
  const one = fc.oneof(word64, ...(near.length === 0 ? [] : [fc.constantFrom(...near)]));
  return fc.array(
    one.map((value) => BigInt.asUintN(64, value)),
    { minLength: 6, maxLength: 6 },
  );
};

const lastOf = (arch: Arch): number => Math.max(...Object.values(SYSCALLS[arch]));

/** Every number that may be decided in its own way, and some that may not. */
const numbersOf = (arch: Arch): readonly number[] => [
  ...Array.from({ length: lastOf(arch) + 3 }, (_, number) => number),
  ...[600, 0x3fffffff, 0x40000000, 0x40000001, 0x4000003b, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff],
];

const agree = (given: Profile, arch: Arch, args: readonly bigint[]): void => {
  const policy = policyOf(given, arch);
  const program = compile(policy);
  expect(problemsOf(program)).toEqual([]);
  const ask = (call: Call): void => {
    const answer = decodeAction(interpret(program, call).value);
    // Compared as numbers: to build a message for each of thousands would take minutes.
    if (encodeAction(answer) !== encodeAction(decide(policy, call).action))
      expect({ call, answer }).toEqual({ call, answer: decide(policy, call).action });
  };
  for (const number of numbersOf(arch)) ask({ arch: AUDIT_ARCH[arch], number, args });
  for (const foreign of [0, 0x40000003, AUDIT_ARCH[arch] ^ 1, 0xffffffff]) ask({ arch: foreign, number: 0, args });
};

describe.each(ARCHES)("the interpreter on %s", (arch) => {
  test("agrees with the rules of any profile on every number and on arguments near those of the rules", () => {
    const cases = anyProfile.chain((given) => fc.tuple(fc.constant(given), argumentsNear(given.rules)));
    fc.assert(
      fc.property(cases, ([given, args]) => agree(given, arch, args)),
      { numRuns: 150 },
    );
  });

  test("agrees with many rules of one call, which share what they test", () => {
    const rules = fc.array(
      fc.record({ names: fc.constant(["socket"]), action, when: fc.array(condition, { maxLength: 4 }) }),
      { minLength: 3, maxLength: 12 },
    );
    const cases = rules.chain((given) => fc.tuple(fc.constant(given), argumentsNear(given)));
    fc.assert(
      fc.property(cases, ([given, args]) => {
        const policy = policyOf(profile(given), arch);
        const program = compile(policy);
        const call = { arch: AUDIT_ARCH[arch], number: SYSCALLS[arch].socket ?? 0, args };
        expect(problemsOf(program)).toEqual([]);
        expect(decodeAction(interpret(program, call).value)).toEqual(decide(policy, call).action);
      }),
      { numRuns: 3000 },
    );
  });

  test.each(Object.keys(BUILTIN_PROFILES))("agrees with the profile %s on every number, also as log", (name) => {
    const given = BUILTIN_PROFILES[name]?.([]) ?? profile([]);
    fc.assert(
      fc.property(argumentsNear(given.rules), fc.boolean(), (args, log) =>
        agree(log ? loggingProfile(given) : given, arch, args),
      ),
      { numRuns: 100 },
    );
  });
});

describe("jumps", () => {
  /** Many bodies, so that the search has to reach further than a conditional jump does. */
  const long = profile(
    Object.keys(SYSCALLS.x64).map((name, index) => ({
      names: [name],
      action: errno((index % 4000) + 1),
      when: [wide(index % 6, "GE", BigInt(index) << 31n), wide((index + 1) % 6, "NE", BigInt(index))],
    })),
    { known: "tables" },
  );

  test.each(ARCHES)("reach further than 255 instructions on %s", (arch) => {
    const program = compile(policyOf(long, arch));
    expect(program.length).toBeGreaterThan(2000);
    expect(problemsOf(program)).toEqual([]);
    fc.assert(
      fc.property(argumentsNear(long.rules), (args) => agree(long, arch, args)),
      { numRuns: 10 },
    );
  });
});

describe.each(Object.keys(BUILTIN_PROFILES))("the filter of %s", (name) => {
  const given = BUILTIN_PROFILES[name]?.([]) ?? profile([]);
  const filters = ARCHES.map((arch) => ({ arch, program: compile(policyOf(given, arch)) }));

  test("has at most 400 instructions, and passes the kernel's checker", () => {
    for (const { program } of filters) {
      expect(program.length).toBeLessThanOrEqual(400);
      expect(problemsOf(program)).toEqual([]);
    }
  });

  test("finds every call in a logarithm of its size", () => {
    for (const { arch, program } of filters) {
      // Of an allowed call without conditions nothing but architecture and number is looked at.
      const args = Array<bigint>(6).fill(0n);
      const lengths = numbersOf(arch)
        .map((number) => interpret(program, { arch: AUDIT_ARCH[arch], number, args }).path)
        .filter((path) => path.every((at) => isCacheable(program[at] ?? { code: 0, yes: 0, no: 0, k: 0 })))
        .map((path) => path.length);
      expect(lengths.length).toBeGreaterThan(400);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(4 + Math.ceil(Math.log2(program.length)));
    }
  });
});
