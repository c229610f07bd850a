import { describe, expect, test } from "bun:test";
import { AUDIT_ARCH } from "../../src/linux/seccomp.ts";
import type { Instruction } from "../../src/seccomp/instruction.ts";
import { encodeCall, interpret } from "../../src/seccomp/interpret.ts";

const CALL = { arch: AUDIT_ARCH.x64, number: 257, args: [0x1122334455667788n, 2n, -1n] };

/** Code, k, and where jumps go. */
const run = (...program: readonly (readonly [code: number, k?: number, yes?: number, no?: number])[]): number =>
  interpret(
    program.map(([code, k = 0, yes = 0, no = 0]): Instruction => ({ code, k, yes, no })),
    CALL,
  ).value;

const RET_A = [0x16] as const;

test("a call is laid out as struct seccomp_data", () => {
  const data = encodeCall(CALL).toHex();
  expect(data.slice(0, 32)).toBe("010100003e0000c00000000000000000");
  expect(data.slice(32, 80)).toBe(`${"8877665544332211"}${"0200000000000000"}${"ff".repeat(8)}`);
  expect(data.length).toBe(128);
});

describe("instructions do what the kernel's do", () => {
  // Codes as Documentation/networking/filter.rst has them.
  test.each([
    ["ld [nr]", 257, [[0x20, 0], RET_A]],
    ["ld [arch]", AUDIT_ARCH.x64, [[0x20, 4], RET_A]],
    ["ld [arg0], the low half", 0x55667788, [[0x20, 16], RET_A]],
    ["ld [arg0 high]", 0x11223344, [[0x20, 20], RET_A]],
    ["ld #imm", 5, [[0x00, 5], RET_A]],
    ["ld #len", 64, [[0x80], RET_A]],
    ["st, ld M[]", 9, [[0x00, 9], [0x02, 3], [0x00, 1], [0x60, 3], RET_A]],
    ["ldx #imm, txa", 8, [[0x01, 8], [0x87], RET_A]],
    ["stx, ldx M[]", 8, [[0x01, 8], [0x03, 15], [0x01, 1], [0x61, 15], [0x87], RET_A]],
    ["tax, add x", 10, [[0x00, 5], [0x07], [0x0c], RET_A]],
    ["sub #, below zero", 0xffffffff, [[0x00, 1], [0x14, 2], RET_A]],
    ["mul #, beyond 32 bits", 0xfffffffe, [[0x00, 0xffffffff], [0x24, 2], RET_A]],
    ["div #", 0x7fffffff, [[0x00, 0xffffffff], [0x34, 2], RET_A]],
    ["div x by 0", 0, [[0x00, 7], [0x3c], RET_A]],
    ["and #", 0x8000000f, [[0x00, 0xffffffff], [0x54, 0x8000000f], RET_A]],
    ["or #", 0x80000001, [[0x00, 1], [0x44, 0x80000000], RET_A]],
    ["xor #", 0x80000000, [[0x00, 1], [0xa4, 0x80000001], RET_A]],
    ["lsh #", 0x80000000, [[0x00, 1], [0x64, 31], RET_A]],
    ["rsh #", 1, [[0x00, 0x80000000], [0x74, 31], RET_A]],
    ["neg", 0xffffffff, [[0x00, 1], [0x84], RET_A]],
    ["ret #", 0x7fff0000, [[0x06, 0x7fff0000]]],
  ] as const)("%s", (_name, expected, program) => {
    expect(run(...program)).toBe(expected);
  });

  test.each([
    [
      "ja",
      2,
      [
        [0x05, 1],
        [0x06, 1],
        [0x06, 2],
      ],
    ],
    [
      "jeq #, yes",
      1,
      [
        [0x20, 0],
        [0x15, 257, 0, 1],
        [0x06, 1],
        [0x06, 2],
      ],
    ],
    [
      "jeq #, no",
      2,
      [
        [0x20, 0],
        [0x15, 256, 0, 1],
        [0x06, 1],
        [0x06, 2],
      ],
    ],
    [
      "jgt # of the same",
      2,
      [
        [0x20, 0],
        [0x25, 257, 0, 1],
        [0x06, 1],
        [0x06, 2],
      ],
    ],
    [
      "jge # of the same",
      1,
      [
        [0x20, 0],
        [0x35, 257, 0, 1],
        [0x06, 1],
        [0x06, 2],
      ],
    ],
    [
      "jge # without a sign",
      1,
      [
        [0x20, 4],
        [0x35, 1, 0, 1],
        [0x06, 1],
        [0x06, 2],
      ],
    ],
    [
      "jset #",
      1,
      [
        [0x20, 4],
        [0x45, 0x80000000, 0, 1],
        [0x06, 1],
        [0x06, 2],
      ],
    ],
    [
      "jset # without a common bit",
      2,
      [
        [0x20, 0],
        [0x45, 2, 0, 1],
        [0x06, 1],
        [0x06, 2],
      ],
    ],
    [
      "jeq x",
      1,
      [
        [0x01, 257],
        [0x20, 0],
        [0x1d, 0, 0, 1],
        [0x06, 1],
        [0x06, 2],
      ],
    ],
  ] as const)("%s", (_name, expected, program) => {
    expect(run(...program)).toBe(expected);
  });
});

test("the way through a program is told", () => {
  const program = [
    { code: 0x05, k: 1, yes: 0, no: 0 },
    { code: 0x06, k: 1, yes: 0, no: 0 },
    { code: 0x06, k: 2, yes: 0, no: 0 },
  ];
  expect(interpret(program, CALL)).toEqual({ value: 2, path: [0, 2] });
});

test("a program without an end is an error, not an answer", () => {
  expect(() => run([0x00, 1])).toThrow("runs past its end");
});
