import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ELF_HEADER_BYTES, encodeElf } from "../../src/codegen/elf.ts";
import { assemble } from "../../src/codegen/image.ts";
import { ADDRESSES } from "../../src/codegen/writable.ts";
import { ARCHES, image, say, set } from "./run.ts";

const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const [EXECUTE, WRITE, READ] = [1, 2, 4];

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly alignment: number;
}

/** Reads a file back as the kernel does, by the offsets of elf(5). */
function parse(file: Uint8Array) {
  const view = new DataView(file.buffer, file.byteOffset);
  const word = (offset: number) => Number(view.getBigUint64(offset, true));
  const segments = Array.from({ length: view.getUint16(56, true) }, (_, index): Segment => {
    const at = word(32) + index * view.getUint16(54, true);
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: word(at + 8),
      address: word(at + 16),
      fileBytes: word(at + 32),
      memoryBytes: word(at + 40),
      alignment: word(at + 48),
    };
  });
  return {
    magic: file.slice(0, 4),
    type: view.getUint16(16, true),
    machine: view.getUint16(18, true),
    entry: word(24),
    segments,
  };
}

const parts = fc.record({
  machine: fc.constantFrom(62, 183),
  pageBytes: fc.constantFrom(0x1000, 0x10000),
  baseAddress: fc.constant(0x400000),
  body: fc.uint8Array({ minLength: 1, maxLength: 20_000 }),
  writable: fc.record({ address: fc.constant(0x600000), sizeBytes: fc.integer({ min: 8, max: 1 << 20 }) }),
});

describe("an ELF file", () => {
  test("is its headers and its body, without padding", () => {
    fc.assert(
      fc.property(parts, (input) => {
        const file = encodeElf(input);
        expect(file.length).toBe(ELF_HEADER_BYTES + input.body.length);
        expect(file.slice(ELF_HEADER_BYTES)).toEqual(input.body);
      }),
    );
  });

  test("starts at its body, which is in memory where it should be", () => {
    fc.assert(
      fc.property(parts, (input) => {
        const { entry, segments, machine, type, magic } = parse(encodeElf(input));
        const [code] = segments;
        expect(magic.toHex()).toBe("7f454c46");
        expect({ type, machine, entry }).toEqual({
          type: 2,
          machine: input.machine,
          entry: input.baseAddress + ELF_HEADER_BYTES,
        });
        expect(code).toMatchObject({ offset: 0, fileBytes: encodeElf(input).length, address: input.baseAddress });
      }),
    );
  });

  test("has no segment that is writable and executable, and no two of them on a page", () => {
    fc.assert(
      fc.property(parts, (input) => {
        const { segments } = parse(encodeElf(input));
        for (const { flags } of segments) expect(flags & (WRITE | EXECUTE)).not.toBe(WRITE | EXECUTE);
        const [code, data] = segments.filter(({ type }) => type === PT_LOAD);
        const page = ({ address }: Segment) => Math.floor(address / input.pageBytes);
        expect(code && page({ ...code, address: code.address + code.memoryBytes - 1 })).toBeLessThan(
          data ? page(data) : 0,
        );
      }),
    );
  });

  test("has segments that the kernel can map: offset and address are congruent", () => {
    fc.assert(
      fc.property(parts, (input) => {
        for (const { address, offset, alignment, fileBytes, memoryBytes } of parse(encodeElf(input)).segments) {
          expect(address % alignment).toBe(offset % alignment);
          expect(fileBytes).toBeLessThanOrEqual(memoryBytes);
        }
      }),
    );
  });

  test("has a stack that is not executable", () => {
    const { segments } = parse(assemble(image(say("x")), "x64"));
    expect(segments.find(({ type }) => type === PT_GNU_STACK)?.flags).toBe(READ | WRITE);
  });
});

describe.each([...ARCHES])("an image for %s", (arch) => {
  test("has writable memory for its slots and nothing of it in the file", () => {
    const { entry, segments } = parse(assemble(image(set("x", 1), say("x")), arch));
    expect(entry).toBe(ADDRESSES.image.code + ELF_HEADER_BYTES);
    // x, status, and the three slots of the machine.
    expect(segments[1]).toMatchObject({ flags: READ | WRITE, fileBytes: 0, memoryBytes: 40 });
  });

  test("stores equal texts once", () => {
    const once = assemble(image(say("a path"), say("a path")), arch);
    expect(once.toString().split(new TextEncoder().encode("a path").toString())).toHaveLength(2);
  });
});
