/**
 * Disassembles every row of the encoder tables with objdump, and compares it with the row's assembly text.
 *
 *     bun scripts/verify-encodings.ts        exit 1 if a row says something else than its bytes
 *
 * Needs an objdump that knows both architectures: Debian's `binutils-multiarch`.
 * @module
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENCODINGS as arm64 } from "../test/codegen/arm64/encodings.ts";
import type { Row } from "../test/codegen/rows.ts";
import { ENCODINGS as x64 } from "../test/codegen/x64/encodings.ts";

interface Table {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly objdump: readonly string[];
}

const TABLES: readonly Table[] = [
  { name: "x64", rows: x64, objdump: ["-m", "i386:x86-64", "-M", "intel"] },
  { name: "arm64", rows: arm64, objdump: ["-m", "aarch64"] },
];

const mismatches = (await Promise.all(TABLES.map(verify))).flat();
for (const mismatch of mismatches) console.error(mismatch);
console.log(`${TABLES.flatMap(({ rows }) => rows).length} rows, ${mismatches.length} mismatches`);
process.exit(mismatches.length > 0 ? 1 : 0);

/** One sentence for each row that objdump reads in another way. */
async function verify({ name, rows, objdump }: Table): Promise<string[]> {
  const lines = await disassemble(name, rows, objdump);
  const offsets = offsetsOf(rows);
  return rows.flatMap(({ asm, hex }, index) => {
    const read = lines.get(offsets[index] ?? -1) ?? "nothing";
    return read === asm ? [] : [`${name}: ${hex} is "${read}", and the table says "${asm}"`];
  });
}

/** Address → normalised text, of all rows one after the other. */
async function disassemble(
  name: string,
  rows: readonly Row[],
  objdump: readonly string[],
): Promise<Map<number, string>> {
  const path = join(tmpdir(), `bunker-encodings-${process.pid}.${name}`);
  await Bun.write(path, Uint8Array.fromHex(rows.map(({ hex }) => hex).join("")));
  const text = await Bun.$`objdump -D -b binary ${objdump} ${path}`.text();
  await Bun.file(path).delete();
  const lines = text.matchAll(/^ *([0-9a-f]+):\t[0-9a-f ]+\t(.*)$/gm);
  return new Map(
    [...lines].map(([, address = "", assembly = ""]) => {
      const offset = Number.parseInt(address, 16);
      return [offset, normalise(assembly, offset)];
    }),
  );
}

function offsetsOf(rows: readonly Row[]): number[] {
  let offset = 0;
  return rows.map(({ hex }) => {
    offset += hex.length / 2;
    return offset - hex.length / 2;
  });
}

/** objdump's columns as the tables write them: one space, no comments, no size of `lea`, and jumps relative to `.`. */
function normalise(assembly: string, address: number): string {
  const text = assembly
    .replace(/\s*\/\/.*$/, "")
    .trim()
    .toLowerCase()
    .replace(/\s+/, " ")
    .replace(/,\s*/g, ", ");
  if (!/^(j|b |b\.|tb|adr )/.test(text)) return text;
  return text.replace(/0x([0-9a-f]+)$/, (_, target) => relative(BigInt.asIntN(64, BigInt(`0x${target}`)), address));
}

function relative(target: bigint, address: number): string {
  const distance = Number(target) - address;
  return `.${distance < 0 ? "-" : "+"}0x${Math.abs(distance).toString(16)}`;
}
