import type { Code } from "../../src/codegen/assembler.ts";

/** A row of an encoder table: assembly as objdump prints it, the bytes in hex, and the call that makes them. */
export interface Row {
  readonly asm: string;
  readonly hex: string;
  readonly code: Code;
}
