import { expect, test } from "bun:test";
import { isCacheable, problemsOf } from "../../src/seccomp/check.ts";
import { decodeInstructions, encodeInstructions, type Instruction } from "../../src/seccomp/instruction.ts";

const program = (...rows: readonly (readonly [code: number, k?: number, yes?: number, no?: number])[]) =>
  rows.map(([code, k = 0, yes = 0, no = 0]): Instruction => ({ code, k, yes, no }));

const RET = [0x06, 0] as const;

test.each([
  ["an empty one", [], "it has no instruction"],
  ["one without an end", [[0x20, 0]], "it does not end with a return"],
  ["a load from behind the data", [[0x20, 64], RET], "instruction 0: loads from offset 64"],
  ["a load that is not aligned", [[0x20, 2], RET], "instruction 0: loads from offset 2"],
  ["a load of half a word", [[0x28, 0], RET], "instruction 0: code 0x28 is not for seccomp"],
  ["a load relative to X", [[0x40, 0], RET], "instruction 0: code 0x40 is not for seccomp"],
  ["a division by 0", [[0x34, 0], RET], "instruction 0: divides by 0"],
  ["a shift of all bits", [[0x64, 32], RET], "instruction 0: shifts by 32"],
  ["a word of memory that is none", [[0x02, 16], RET], "instruction 0: uses memory word 16"],
  ["a jump to its end", [[0x05, 1], RET], "instruction 0: jumps behind the end"],
  ["a jump that is far too long", [[0x05, 0xffffffff], RET], "instruction 0: jumps behind the end"],
  ["a test of which one way leads out", [[0x15, 0, 0, 1], RET], "instruction 0: jumps behind the end"],
  ["memory that was not written", [[0x60, 1], RET], "instruction 0: reads memory word 1, which may not be written"],
  [
    "memory that was written on one of two ways",
    [[0x15, 0, 0, 1], [0x02, 1], [0x60, 1], RET],
    "instruction 2: reads memory word 1, which may not be written",
  ],
] as const)("the kernel refuses %s", (_name, rows, problem) => {
  expect(problemsOf(program(...rows))).toContain(problem);
});

test("the kernel takes what only seems to be wrong", () => {
  expect(problemsOf(program([0x02, 1], [0x15, 0, 0, 1], [0x02, 1], [0x60, 1], RET))).toEqual([]);
  expect(problemsOf(program([0x05, 0], RET))).toEqual([]);
  expect(problemsOf(program([0x34, 1], [0x3c, 0], [0x80], [0x81], [0x84], [0x07], [0x87], [0x16]))).toEqual([]);
});

test("4096 instructions are as many as there can be", () => {
  const loads = (count: number) => Array.from({ length: count }, () => [0x20, 0] as const);
  expect(problemsOf(program(...loads(4095), RET))).toEqual([]);
  expect(problemsOf(program(...loads(4096), RET))).toEqual(["it has more than 4096 instructions"]);
});

test("the kernel's cache of allowed calls knows number and architecture, and no argument", () => {
  expect(program([0x20, 0], [0x20, 4], [0x54, 1], [0x15, 1], [0x45, 1], [0x05, 1], RET).every(isCacheable)).toBe(true);
  expect(program([0x20, 16], [0x00, 1], [0x07], [0x16]).some(isCacheable)).toBe(false);
});

test("instructions have the layout of struct sock_filter, both ways", () => {
  const given = program([0x15, 0xc000003e, 1, 255], [0x06, 0x7fff0000]);
  const bytes = encodeInstructions(given);
  expect(bytes.toHex()).toBe("150001ff3e0000c0" + "060000000000ff7f");
  expect(decodeInstructions(bytes)).toEqual(given);
  expect(decodeInstructions(bytes.subarray(1))).toBeUndefined();
});
