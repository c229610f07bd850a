import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { B, B_CONDITION, B_NEGATIVE } from "../../src/codegen/arm64/encode.ts";
import { Assembler, type Form } from "../../src/codegen/assembler.ts";
import { JCC, JMP } from "../../src/codegen/x64/encode.ts";

/** One jump to a label that is `distance` bytes behind it. */
function jumpOver(distance: number, forms: readonly Form[]): string {
  const out = new Assembler();
  out.fixup("end", forms);
  out.bytes(new Uint8Array(distance));
  out.label("end");
  const code = out.finish(0x400000);
  return code.slice(0, code.length - distance).toHex();
}

describe("an assembler", () => {
  // Hex from GNU objdump: the same instructions are in the encoder tables.
  test.each<[string, number, readonly Form[], string]>([
    ["jmp rel8", 127, JMP, "eb7f"],
    ["jmp rel32", 128, JMP, "e980000000"],
    ["je rel8", 127, JCC.equal, "747f"],
    ["je rel32", 128, JCC.equal, "0f8480000000"],
    ["b", 4, B, "02000014"],
    ["b.eq", 0xffff8, B_CONDITION.equal, "e0ff7f54"],
    ["b.ne over b", 0xffffc, B_CONDITION.equal, "4100005400000414"],
    ["tbnz", 0x7ff8, B_NEGATIVE, "e0fffbb7"],
    ["tbz over b", 0x7ffc, B_NEGATIVE, "4000f8b600200014"],
  ])("takes %s to jump over %i bytes", (_name, distance, forms, hex) => {
    expect(jumpOver(distance, forms)).toBe(hex);
  });

  test("takes the short form for a short way back", () => {
    const out = new Assembler();
    out.label("start");
    out.bytes(new Uint8Array(126));
    out.fixup("start", JMP);
    expect(out.finish(0).slice(126).toHex()).toBe("eb80");
  });

  test("aligns addresses and not offsets", () => {
    const out = new Assembler();
    out.bytes([1]);
    out.align(8);
    out.bytes([2]);
    expect(out.finish(3).toHex()).toBe("010000000002");
  });

  test("lets every jump land on its label, however the others grow", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(39)), { minLength: 40, maxLength: 40 }), (rows) => {
        expect(landings(rows)).toEqual(rows.map(([, to]) => to));
      }),
    );
  });

  test("refuses what no form reaches", () => {
    const [short] = JMP;
    expect(() => jumpOver(128, short ? [short] : [])).toThrow("too large");
  });
});

/** Row `n` is a label, the byte `n`, some padding, and a jump to the label of another row; the bytes that the jumps land on. */
function landings(rows: readonly (readonly [padding: number, to: number])[]): number[] {
  const out = new Assembler();
  const seen: number[] = [];
  rows.forEach(([padding, to], index) => {
    out.label(`${index}`);
    out.bytes([index, ...new Uint8Array(padding)]);
    out.fixup(
      `${to}`,
      JMP.map((form) => recording(form, seen)),
    );
  });
  const code = out.finish(0);
  return seen.map((address) => code[address] ?? -1);
}

function recording(form: Form, seen: number[]): Form {
  const encode = (from: number, to: number) => {
    const code = Uint8Array.from(form.encode(from, to));
    const view = new DataView(code.buffer);
    // What a processor does: the displacement counts from the end of the instruction.
    seen.push(from + code.length + (code.length === 2 ? view.getInt8(1) : view.getInt32(1, true)));
    return code;
  };
  return { ...form, encode };
}
