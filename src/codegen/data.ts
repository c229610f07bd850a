/**
 * Operands that are known when a program is assembled, and the read-only data behind them. Equal data is stored once.
 * @module
 */
import invariant from "tiny-invariant";
import type { Bytes, Static, Vector } from "../ir/op.ts";
import type { ProgramShape } from "../ir/program.ts";
import { type Assembler, highHalf, lowHalf, type Position } from "./assembler.ts";
import type { Backend } from "./backend.ts";
import type { WritableMemory, WritablePlace } from "./writable.ts";

/** Read-only data. Within one program, equal data is the same object. */
export interface ReadOnlyPlace {
  readonly kind: "readOnly";
  /** Counts up from 0. */
  readonly id: number;
  /** Known when the data is written, behind the code. */
  address: number;
}

/** What a static operand is when the program runs: a signed word, which is a `bigint` only where a `number` is not exact, or an address. */
export type Place = number | bigint | ReadOnlyPlace | WritablePlace;

/** An instruction that loads the address of data, which is not known yet. */
interface Use extends Position {
  readonly register: number;
  readonly place: ReadOnlyPlace;
}

const WORD_BYTES = 8;
const UTF8_BYTES_MAX = 3; // of a UTF-16 code unit

/** The value of a word: -2^63 to 2^63 - 1. Constants from 2^63 to 2^64 - 1 are the negative values with the same bits. */
export function signedWord(value: number | bigint): number | bigint {
  // Only an exact integer rounds to a small or a safe one.
  const rounded = Number(value);
  if (rounded === (rounded | 0) || Number.isSafeInteger(rounded)) return rounded;
  invariant(typeof value === "bigint", () => `a constant is an exact integer: ${value}`);
  invariant(value >= -(2n ** 63n) && value < 2n ** 64n, () => `a constant has 64 bits: ${value}`);
  const signed = BigInt.asIntN(64, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}
export class Data {
  readonly #shape: ProgramShape;
  readonly #writable: WritableMemory;
  readonly #out: Assembler;
  readonly #backend: Backend;
  readonly #uses: Use[] = [];
  #count = 0;
  /** By content. Maps keep the order in which the data is written. */
  readonly #texts = new Map<string, ReadOnlyPlace>();
  readonly #bytes = new Map<string, { readonly place: ReadOnlyPlace; readonly bytes: Uint8Array }>();
  readonly #vectors = new Map<string, { readonly place: ReadOnlyPlace; readonly items: readonly Place[] }>();

  constructor(shape: ProgramShape, writable: WritableMemory, out: Assembler, backend: Backend) {
    this.#shape = shape;
    this.#writable = writable;
    this.#out = out;
    this.#backend = backend;
  }

  /** What an operand is; its data is remembered for `emit`. */
  place(operand: Static): Place {
    if (typeof operand !== "object") return signedWord(operand);
    switch (operand.kind) {
      case "constant": {
        const rounded = Number(operand.value);
        // As `signedWord` has it, without the call.
        return rounded === (rounded | 0) ? rounded : signedWord(operand.value);
      }
      case "text":
        return this.#texts.get(operand.text) ?? this.#text(operand.text);
      case "slotAddress":
        return this.#writable.slot(operand.slot);
      case "buffer":
        return this.#writable.buffer(operand.name);
      case "bytes":
        return this.#internBytes(operand);
      case "vector":
        return this.#internVector(operand);
    }
  }

  /** Loads the address of data into a register: now there is room for the instruction, and `emit` writes it. */
  load(register: number, place: ReadOnlyPlace): void {
    const out = this.#out;
    this.#uses.push({ offset: out.size, jumpsBefore: out.jumps.length, register, place });
    out.size += this.#backend.readOnlyBytes[register] as number;
  }

  /** Writes all the data behind settled code, and its addresses into the code: words first, as they are aligned, then texts. */
  emit(origin: number): void {
    const out = this.#out;
    const vectorsOffset = this.#placeWords(out, origin);
    this.#emitTexts(out, origin);
    this.#emitVectors(out.view, vectorsOffset);
    this.#fillUses(origin);
  }

  #text(text: string): ReadOnlyPlace {
    const place = this.#create();
    this.#texts.set(text, place);
    return place;
  }

  #internBytes({ bytes }: Bytes): ReadOnlyPlace {
    const key = bytes.toHex();
    const known = this.#bytes.get(key);
    if (known !== undefined) return known.place;
    const place = this.#create();
    this.#bytes.set(key, { place, bytes });
    return place;
  }

  #internVector({ items: operands }: Vector): ReadOnlyPlace {
    const items = operands.map((operand) => this.place(operand));
    const key = items.map(keyOf).join();
    const known = this.#vectors.get(key);
    if (known !== undefined) return known.place;
    const place = this.#create();
    this.#vectors.set(key, { place, items });
    return place;
  }

  #create(): ReadOnlyPlace {
    invariant(this.#shape !== "routine", "a routine has no read-only data");
    return { kind: "readOnly", id: this.#count++, address: 0 };
  }

  /** Writes bytes, and leaves room for vectors before them, as those need the addresses of texts: the result is the offset of that room. */
  #placeWords(out: Assembler, origin: number): number {
    if (this.#vectors.size + this.#bytes.size > 0) align(out, origin);
    const vectorsOffset = out.size;
    for (const { place, items } of this.#vectors.values()) {
      place.address = origin + out.size;
      out.reserve(items.length * WORD_BYTES);
      out.size += items.length * WORD_BYTES;
    }
    for (const { place, bytes } of this.#bytes.values()) {
      align(out, origin);
      place.address = origin + out.size;
      out.reserve(bytes.length);
      out.bytes.set(bytes, out.size);
      out.size += bytes.length;
    }
    return vectorsOffset;
  }

  /**
   * One call for all texts. They end with a NUL each and have none inside, so that the NULs tell where they begin, in UTF-8 too. A path
   * that is there with a slash in front, as a source where this is its target, is not written twice.
   */
  #emitTexts(out: Assembler, origin: number): void {
    const shared: ReadOnlyPlace[] = [];
    for (const [text, place] of this.#texts) {
      const longer = text.startsWith("/") ? undefined : this.#texts.get(`/${text}`);
      if (longer === undefined) continue;
      shared.push(place, longer);
      this.#texts.delete(text);
    }
    this.#emitWholeTexts(out, origin);
    for (let index = 0; index < shared.length; index += 2)
      (shared[index] as ReadOnlyPlace).address = (shared[index + 1] as ReadOnlyPlace).address + 1;
  }

  #emitWholeTexts(out: Assembler, origin: number): void {
    if (this.#texts.size === 0) return;
    const all = `${[...this.#texts.keys()].join("\0")}\0`;
    out.reserve(all.length * UTF8_BYTES_MAX);
    const { bytes, size } = out;
    const end = size + new TextEncoder().encodeInto(all, bytes.subarray(size)).written;
    let start = size;
    for (const place of this.#texts.values()) {
      place.address = origin + start;
      start = bytes.indexOf(0, start) + 1;
    }
    if (start !== end || !all.isWellFormed()) this.#refuseTexts();
    out.size = end;
  }

  /** A NUL inside would silently cut a path short, and a lone surrogate would silently become U+FFFD. */
  #refuseTexts(): void {
    for (const text of this.#texts.keys()) {
      invariant(!text.includes("\0"), () => `a text has no NUL inside: ${JSON.stringify(text)}`);
      invariant(text.isWellFormed(), () => `a text is well-formed Unicode: ${JSON.stringify(text)}`);
    }
  }

  #emitVectors(view: DataView, vectorsOffset: number): void {
    let offset = vectorsOffset;
    for (const { items } of this.#vectors.values()) {
      for (const item of items) {
        const word = typeof item === "object" ? item.address : item;
        view.setUint32(offset, lowHalf(word), true);
        view.setUint32(offset + 4, highHalf(word), true);
        offset += WORD_BYTES;
      }
    }
  }

  #fillUses(origin: number): void {
    const out = this.#out;
    const backend = this.#backend;
    const uses = this.#uses;
    const { size } = out;
    for (let index = 0; index < uses.length; index += 1) {
      const use = uses[index] as Use;
      const offset = out.offsetOf(use);
      out.size = offset;
      backend.loadReadOnly(out, use.register, use.place.address, origin + offset);
    }
    out.size = size;
  }
}

// --- internal ---

/** Different places have different keys: numbers have no letters. */
function keyOf(place: Place): string {
  if (typeof place !== "object") return String(place);
  return place.kind === "readOnly" ? `data${place.id}` : `writable${place.displacement}`;
}

/** Zeros up to the next address that is a multiple of a word. */
function align(out: Assembler, origin: number): void {
  out.reserve(WORD_BYTES);
  while ((origin + out.size) % WORD_BYTES !== 0) {
    out.bytes[out.size] = 0;
    out.size += 1;
  }
}
