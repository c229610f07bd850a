import { Assembler } from "../../src/codegen/assembler.ts";

/** A row of an encoder table: assembly as objdump prints it, the bytes in hex, and the call that writes them. */
export interface Row {
  readonly asm: string;
  readonly hex: string;
  readonly code: (out: Assembler) => void;
}

/** What is written, from the first byte to the cursor. */
export function written(write: (out: Assembler) => void): Uint8Array {
  const out = new Assembler();
  write(out);
  return out.bytes.slice(0, out.size);
}

export function hexOf(write: (out: Assembler) => void): string {
  return written(write).toHex();
}
