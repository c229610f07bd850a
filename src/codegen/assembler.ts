/**
 * Bytes with labels: what instructions and data are emitted into, whatever the architecture.
 *
 * An instruction that depends on an address is a fix-up with one or more forms, shortest first. All fix-ups start short, and the
 * ones that cannot reach their label grow until the layout stands still.
 *
 * This runs once in a process, before any compiler of the JavaScript engine has warmed up: hence plain loops and little garbage.
 * @module
 */
import invariant from "tiny-invariant";

/** Machine code or data. Small arrays of numbers are the cheapest to make. */
export type Code = readonly number[] | Uint8Array;

/** One way to encode an instruction or a word that depends on the address of a label. */
export interface Form {
  readonly sizeBytes: number;
  /** Whether the instruction at address `from` can name address `to`. */
  reaches(from: number, to: number): boolean;
  encode(from: number, to: number): Code;
}

/** A point of the code whose address depends on the sizes of the fix-ups before it. */
interface Mark {
  /** Bytes before it, fix-ups and alignment not counted. */
  readonly fixedBytes: number;
  /** What it is the label of, or where it jumps to. */
  readonly label: Label | undefined;
  /** Empty where this is no fix-up. */
  readonly forms: readonly Form[];
  readonly alignment: number;
  /** Where its own bytes go in the list of chunks. */
  readonly chunk: number;
  address: number;
  /** Index in `forms`; only grows. */
  chosen: number;
}

/** Labels of programs and data are strings; numbers are for labels by the hundred, as their names need not be made. */
export type LabelName = string | number;

interface Label {
  readonly name: LabelName;
  mark: Mark | undefined;
}

const NO_FORMS: readonly Form[] = [];
const NO_CODE: Code = [];

/** The eight bytes of an address, as in a vector of pointers. */
export const ADDRESS_FORMS: readonly Form[] = [
  {
    sizeBytes: 8,
    reaches: () => true,
    encode: (_from, to) => wordBytes(to),
  },
];

/** The eight bytes of a word, modulo 2^64. */
export function wordBytes(value: number | bigint): Code {
  return new Uint8Array(new BigUint64Array([BigInt.asUintN(64, BigInt(value))]).buffer);
}

export class Assembler {
  readonly #chunks: Code[] = [];
  readonly #marks: Mark[] = [];
  readonly #labels = new Map<LabelName, Label>();
  #fixedBytes = 0;

  bytes(code: Code): void {
    this.#chunks.push(code);
    this.#fixedBytes += code.length;
  }

  label(name: LabelName): void {
    const label = this.#labelOf(name);
    invariant(!label.mark, () => `a label is defined once: ${name}`);
    label.mark = this.#mark(label, NO_FORMS, 1);
  }

  /** Zeros up to the next multiple of `alignment`, a power of two. */
  align(alignment: number): void {
    this.#mark(undefined, NO_FORMS, alignment);
    this.#chunks.push(NO_CODE);
  }

  /** An instruction that needs the address of `to`, which may be defined later. */
  fixup(to: LabelName, forms: readonly Form[]): void {
    this.#mark(this.#labelOf(to), forms, 1);
    this.#chunks.push(NO_CODE);
  }

  /** The bytes as they are at address `origin`. */
  finish(origin: number): Uint8Array {
    let sizeBytes = this.#layout(origin);
    while (this.#grow()) sizeBytes = this.#layout(origin);
    this.#fillMarks();
    return join(this.#chunks, sizeBytes);
  }

  #mark(label: Label | undefined, forms: readonly Form[], alignment: number): Mark {
    const [fixedBytes, chunk] = [this.#fixedBytes, this.#chunks.length];
    const mark: Mark = { fixedBytes, label, forms, alignment, chunk, address: 0, chosen: 0 };
    this.#marks.push(mark);
    return mark;
  }

  #labelOf(name: LabelName): Label {
    const known = this.#labels.get(name);
    if (known) return known;
    const label: Label = { name, mark: undefined };
    this.#labels.set(name, label);
    return label;
  }

  /** Gives every mark its address, and returns the size of everything. */
  #layout(origin: number): number {
    let before = origin;
    for (const mark of this.#marks) {
      mark.address = before + mark.fixedBytes;
      before += sizeOf(mark);
    }
    return before + this.#fixedBytes - origin;
  }

  /** Lengthens the fix-ups that cannot reach their label; whether there were any. */
  #grow(): boolean {
    let grown = false;
    for (const mark of this.#marks) {
      // The last form cannot grow; `#fillMarks` sees whether it reaches.
      if (mark.chosen + 1 >= mark.forms.length) continue;
      if (mark.forms[mark.chosen]?.reaches(mark.address, targetOf(mark))) continue;
      mark.chosen += 1;
      grown = true;
    }
    return grown;
  }

  #fillMarks(): void {
    for (const mark of this.#marks) {
      const form = mark.forms[mark.chosen];
      if (form) this.#chunks[mark.chunk] = encodeMark(mark, form);
      else if (mark.alignment > 1) this.#chunks[mark.chunk] = new Uint8Array(sizeOf(mark));
    }
  }
}

// --- internal ---

function sizeOf({ forms, chosen, alignment, address }: Mark): number {
  return forms[chosen]?.sizeBytes ?? -address & (alignment - 1);
}

function targetOf({ label }: Mark): number {
  const mark = label?.mark;
  // Tested apart, as the sentence is a closure, and this is the innermost loop.
  if (!mark) invariant(mark, () => `a label that is used is defined: ${label?.name}`);
  return mark.address;
}

function encodeMark(mark: Mark, form: Form): Code {
  const to = targetOf(mark);
  invariant(form.reaches(mark.address, to), () => `no form reaches ${mark.label?.name}; the program is too large`);
  return form.encode(mark.address, to);
}

function join(chunks: readonly Code[], sizeBytes: number): Uint8Array {
  const joined = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
