/**
 * Operands that are known when a program is assembled, and the read-only data behind them. Equal data is stored once.
 * @module
 */
import invariant from "tiny-invariant";
import type { Bytes, Static, Text, Vector } from "../ir/op.ts";
import type { ProgramShape } from "../ir/program.ts";
import { ADDRESS_FORMS, type Assembler, wordBytes } from "./assembler.ts";
import { WRITABLE_BASE, type WritableMemory } from "./writable.ts";

/**
 * What a static operand is in memory. Within one program, places with the same `key` are the same object.
 * The value of a constant is signed: a `number` if that is exact, or else a `bigint`.
 */
export type Place =
  | { readonly kind: "constant"; readonly key: string; readonly value: number | bigint }
  /** `key` is the label. */
  | { readonly kind: "readOnly"; readonly key: string }
  | { readonly kind: "writable"; readonly key: string; readonly offsetBytes: number };

const WORD_BYTES = 8;

export class Data {
  readonly #shape: ProgramShape;
  readonly #writable: WritableMemory;
  /** By value, by offset, and by content: what is looked up a thousand times needs no key to be made. */
  readonly #constants = new Map<number | bigint, Place>();
  readonly #offsets = new Map<number, Place>();
  readonly #texts = new Map<string, Place>();
  readonly #places = new Map<string, Place>();
  /** Content by label. */
  readonly #vectors = new Map<string, readonly Place[]>();
  readonly #bytes = new Map<string, Uint8Array>();

  constructor(shape: ProgramShape, writable: WritableMemory) {
    this.#shape = shape;
    this.#writable = writable;
  }

  /** Where an operand is; its data is remembered for `emit`. */
  place(operand: Static): Place {
    if (typeof operand !== "object") return this.#constant(operand);
    switch (operand.kind) {
      case "constant":
        return this.#constant(operand.value);
      case "slotAddress":
        return this.#writablePlace(this.#writable.slotOffset(operand.slot));
      case "buffer":
        return this.#writablePlace(this.#writable.bufferOffset(operand.name));
      default:
        return this.#readOnly(operand);
    }
  }

  /** All the data that was placed: words first, as they are aligned, then texts. */
  emit(out: Assembler): void {
    if (this.#vectors.size + this.#bytes.size > 0) out.align(WORD_BYTES);
    for (const [label, places] of this.#vectors) emitVector(out, label, places);
    for (const [label, bytes] of this.#bytes) {
      out.align(WORD_BYTES);
      out.label(label);
      out.bytes(bytes);
    }
    const encoder = new TextEncoder();
    for (const [text, { key }] of this.#texts) {
      out.label(key);
      out.bytes(encoder.encode(`${text}\0`));
    }
  }

  #constant(value: number | bigint): Place {
    const known = this.#constants.get(value);
    if (known) return known;
    const word = signedWord(value);
    const key = `constant ${word}`;
    const place = this.#places.get(key) ?? this.#remember({ kind: "constant", key, value: word });
    this.#constants.set(value, place);
    return place;
  }

  #writablePlace(offsetBytes: number): Place {
    const known = this.#offsets.get(offsetBytes);
    if (known) return known;
    const place: Place = { kind: "writable", key: `writable ${offsetBytes}`, offsetBytes };
    this.#offsets.set(offsetBytes, place);
    return place;
  }

  #readOnly(operand: Text | Bytes | Vector): Place {
    invariant(this.#shape === "image", "a routine has no read-only data");
    if (operand.kind === "text") return this.#texts.get(operand.text) ?? this.#text(operand.text);
    const key = operand.kind === "bytes" ? this.#internBytes(operand) : this.#internVector(operand);
    return this.#places.get(key) ?? this.#remember({ kind: "readOnly", key });
  }

  /** A NUL inside would silently cut a path short, and a lone surrogate would silently become U+FFFD. */
  #text(text: string): Place {
    invariant(!text.includes("\0"), () => `a text has no NUL inside: ${JSON.stringify(text)}`);
    invariant(text.isWellFormed(), () => `a text is well-formed Unicode: ${JSON.stringify(text)}`);
    const place: Place = { kind: "readOnly", key: `text ${text}` };
    this.#texts.set(text, place);
    return place;
  }

  #internBytes({ bytes }: Bytes): string {
    const label = `bytes ${bytes.toHex()}`;
    this.#bytes.set(label, bytes);
    return label;
  }

  #internVector({ items }: Vector): string {
    const places = items.map((item) => this.place(item));
    // The count, and keys that have no NUL inside or begin with a count themselves: no two vectors share a label.
    const label = `vector ${places.length}\0${places.map(({ key }) => key).join("\0")}`;
    this.#vectors.set(label, places);
    return label;
  }

  #remember(place: Place): Place {
    this.#places.set(place.key, place);
    return place;
  }
}

// --- internal ---

/** The value of a word: -2^63 to 2^63 - 1. Constants from 2^63 to 2^64 - 1 are the negative values with the same bits. */
function signedWord(value: number | bigint): number | bigint {
  if (typeof value === "number") {
    invariant(Number.isSafeInteger(value), () => `a constant is an exact integer: ${value}`);
    return value;
  }
  invariant(value >= -(2n ** 63n) && value < 2n ** 64n, () => `a constant has 64 bits: ${value}`);
  const signed = BigInt.asIntN(64, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function emitVector(out: Assembler, label: string, places: readonly Place[]): void {
  out.label(label);
  for (const place of places) {
    if (place.kind === "readOnly") out.fixup(place.key, ADDRESS_FORMS);
    else out.bytes(wordBytes(place.kind === "constant" ? place.value : WRITABLE_BASE + place.offsetBytes));
  }
}
