import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { B, B_CONDITION, B_NEGATIVE } from "../../src/codegen/arm64/encode.ts";
import { Assembler, highHalf, type Jump, lowHalf, newLabel } from "../../src/codegen/assembler.ts";
import { JCC, JMP } from "../../src/codegen/x64/encode.ts";

/** Writes zeros that are not there by chance: what moved must have taken them along. */
function pad(out: Assembler, count: number, fill = 0): void {
  out.reserve(count);
  out.bytes.fill(fill, out.size, out.size + count);
  out.size += count;
}

function codeOf(out: Assembler): Uint8Array {
  return out.bytes.slice(0, out.size);
}

/** One jump to a label that is `distance` bytes behind it. */
function jumpOver(distance: number, form: Jump): string {
  const out = new Assembler();
  const end = newLabel("end");
  out.jump(form, end);
  pad(out, distance);
  out.define(end);
  out.settle();
  return out.bytes.slice(0, out.size - distance).toHex();
}

describe("an assembler", () => {
  // Hex from GNU objdump: the same instructions are in the encoder tables.
  test.each<[string, number, Jump, string]>([
    ["jmp rel8", 127, JMP, "eb7f"],
    ["jmp rel32", 128, JMP, "e980000000"],
    ["je rel8", 127, JCC.equal, "747f"],
    ["je rel32", 128, JCC.equal, "0f8480000000"],
    ["b", 4, B, "02000014"],
    ["b.eq", 0xffff8, B_CONDITION.equal, "e0ff7f54"],
    ["b.ne over b", 0xffffc, B_CONDITION.equal, "4100005400000414"],
    ["tbnz", 0x7ff8, B_NEGATIVE, "e0fffbb7"],
    ["tbz over b", 0x7ffc, B_NEGATIVE, "4000f8b600200014"],
  ])("takes %s to jump over %i bytes", (_name, distance, form, hex) => {
    expect(jumpOver(distance, form)).toBe(hex);
  });

  test.each<[string, number, Jump, string]>([
    ["jmp rel8", 126, JMP, "eb80"],
    ["jmp rel32", 127, JMP, "e97cffffff"],
    ["js rel8", 126, JCC.negative, "7880"],
    ["js rel32", 127, JCC.negative, "0f887bffffff"],
    ["tbnz", 0x8000, B_NEGATIVE, "0000fcb7"],
    ["tbz over b", 0x8004, B_NEGATIVE, "4000f8b6fedfff17"],
  ])("takes %s to jump back over %i bytes", (_name, distance, form, hex) => {
    const out = new Assembler();
    const start = newLabel("start");
    out.define(start);
    pad(out, distance);
    out.jump(form, start);
    out.settle();
    expect(codeOf(out).slice(distance).toHex()).toBe(hex);
  });

  test("moves what is between jumps, and knows where it went", () => {
    const out = new Assembler();
    const end = newLabel("end");
    const marks = [1, 2, 3].map((fill) => {
      out.jump(JMP, end);
      const mark = { offset: out.size, jumpsBefore: out.jumps.length };
      pad(out, 100, fill);
      return mark;
    });
    out.define(end);
    out.settle();
    // The last one reaches its label in two bytes.
    expect(out.size).toBe(5 + 100 + 5 + 100 + 2 + 100);
    expect(marks.map((mark) => out.offsetOf(mark))).toEqual([5, 110, 212]);
    expect(marks.map((mark) => [...new Set(out.bytes.slice(out.offsetOf(mark), out.offsetOf(mark) + 100))])).toEqual([
      [1],
      [2],
      [3],
    ]);
  });

  test("grows with what is written, without losing any of it", () => {
    const out = new Assembler();
    for (const fill of [1, 2, 3]) pad(out, 50_000, fill);
    const code = codeOf(out);
    expect([code.length, code[0], code[49_999], code[50_000], code[149_999]]).toEqual([150_000, 1, 1, 2, 3]);
    expect(out.view.getUint8(149_999)).toBe(3);
  });

  test("lets every jump land on its label, however the others grow", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(39)), { minLength: 40, maxLength: 40 }), (rows) => {
        expect(landings(rows)).toEqual(rows.map(([, to]) => to));
      }),
    );
  });

  test("refuses what no form reaches", () => {
    expect(() => jumpOver(128, { ...JMP, growsBy: 0 })).toThrow("too large");
  });

  test("needs one position per label, and a position for every label that is jumped to", () => {
    const out = new Assembler();
    const label = newLabel("twice");
    out.define(label);
    expect(() => out.define(label)).toThrow("twice");
    out.jump(JMP, newLabel("nowhere"));
    expect(() => out.settle()).toThrow("nowhere");
  });
});

test("the halves of a word are those of its two's complement", () => {
  const numbers = fc.maxSafeInteger();
  fc.assert(
    fc.property(fc.oneof(numbers, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (value) => {
      const word = (BigInt(highHalf(value)) << 32n) | BigInt(lowHalf(value));
      expect(word).toBe(BigInt.asUintN(64, BigInt(value)));
    }),
  );
});

/** Row `n` is a label, the byte `n`, some padding, and a jump to the label of another row; the bytes that the jumps land on. */
function landings(rows: readonly (readonly [padding: number, to: number])[]): number[] {
  const out = new Assembler();
  const labels = rows.map((_, index) => newLabel(index));
  const jumps = rows.map(([padding, to], index) => {
    out.define(labels[index] ?? newLabel("none"));
    pad(out, 1, index);
    pad(out, padding, 0xff);
    const mark = { offset: out.size, jumpsBefore: out.jumps.length };
    out.jump(JMP, labels[to] ?? newLabel("none"));
    return mark;
  });
  out.settle();
  const code = codeOf(out);
  const view = new DataView(code.buffer);
  return jumps.map((mark) => {
    const at = out.offsetOf(mark);
    // What a processor does: the displacement counts from the end of the instruction.
    const target = code[at] === 0xeb ? at + 2 + view.getInt8(at + 1) : at + 5 + view.getInt32(at + 1, true);
    return code[target] ?? -1;
  });
}
