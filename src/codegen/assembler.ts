/**
 * Bytes with labels: what instructions and data are written into, whatever the architecture.
 *
 * Encoders write straight into one buffer. Jumps to labels are first written down in their short form; {@link Assembler.settle}
 * lengthens the ones that cannot reach, and moves the code between them.
 *
 * All of this runs once in a process, in the interpreter of the JavaScript engine, before any of its compilers has warmed up. There, a
 * call costs 75 ns and an object 100, an object of a class 270, a look-up by a string 130, a store of one byte 10 and of four bytes in a
 * DataView 25. Hence public fields, object literals, plain loops and few layers. And what is called more than five hundred times is
 * compiled, which does not pay any more: hence what is frequent is in loops rather than in functions of its own.
 * @module
 */
import invariant from "tiny-invariant";

/** A jump instruction in its two lengths. Displacements count from its first byte. */
export interface Jump {
  readonly shortBytes: number;
  /** How much longer the long form is; 0 if there is none. */
  readonly growsBy: number;
  /** The displacements that the short form has. */
  readonly shortMin: number;
  readonly shortMax: number;
  /** Largest distance of the form that the jump ends up with, in both directions. */
  readonly reach: number;
  /** Write at the cursor. */
  readonly short: (out: Assembler, displacement: number) => void;
  readonly long: (out: Assembler, displacement: number) => void;
}

/** A position in code that may still move: `offset` in bytes if no jump grew, behind this many jumps. */
export interface Position {
  readonly offset: number;
  readonly jumpsBefore: number;
}

const UNDEFINED = -1;

export interface Label {
  /** What it is called where it is missed; our own have numbers, which cost nothing to make. */
  readonly name: string | number;
  /** Its position. */
  offset: number;
  jumpsBefore: number;
}

/** All labels are made here, so that they have the same fields in the same order, which is what property caches look at. */
export function newLabel(name: string | number): Label {
  return { name, offset: UNDEFINED, jumpsBefore: 0 };
}

/** A jump that was written down. */
interface PendingJump {
  readonly form: Jump;
  readonly to: Label;
  readonly offset: number;
  long: boolean;
}

/** A default program and its data fit. */
const INITIAL_BYTES = 0x4000;

export class Assembler {
  /** The buffer. Whoever writes into it has called {@link reserve} before, and reads the field anew after every call. */
  bytes = new Uint8Array(INITIAL_BYTES);
  /** The same memory. */
  view = new DataView(this.bytes.buffer);
  /** The cursor: encoders write here, and move it. */
  size = 0;
  /** All jumps, in their order. */
  readonly jumps: PendingJump[] = [];
  /** After `settle`: by how many bytes the jumps before the one with this index have grown; one more for all of them. */
  #growth: number[] = [];

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.size + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.size));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  define(label: Label): void {
    // Tested apart, here and below, so that no sentence is made in vain.
    if (label.offset !== UNDEFINED) invariant(false, `a label is defined once: ${label.name}`);
    label.offset = this.size;
    label.jumpsBefore = this.jumps.length;
  }

  jump(form: Jump, to: Label): void {
    this.jumps.push({ form, to, offset: this.size, long: false });
    this.size += form.shortBytes;
  }

  /** Gives every jump its length and its displacement. Only data may follow. */
  settle(): void {
    while (this.#lengthen()) this.#measure();
    this.#fill();
  }

  /** Where a position is, after `settle`. */
  offsetOf(position: Position): number {
    return position.offset + (this.#growth[position.jumpsBefore] ?? 0);
  }

  /** Makes jumps long that cannot reach as things are; whether there were any. A jump that grows never brings others nearer. */
  #lengthen(): boolean {
    const growth = this.#growth;
    const jumps = this.jumps;
    let lengthened = false;
    for (let index = 0; index < jumps.length; index += 1) {
      const jump = jumps[index] as PendingJump;
      if (jump.long) continue;
      const { form, to } = jump;
      if (to.offset === UNDEFINED) invariant(false, `a label that is used is defined: ${to.name}`);
      // In the first round nothing has grown, and the list is empty.
      const moved = growth.length === 0 ? 0 : (growth[to.jumpsBefore] as number) - (growth[index] as number);
      const displacement = to.offset - jump.offset + moved;
      if ((displacement > form.shortMax || displacement < form.shortMin) && form.growsBy > 0) {
        jump.long = true;
        lengthened = true;
      }
    }
    return lengthened;
  }

  #measure(): void {
    const growth: number[] = [0];
    const jumps = this.jumps;
    let total = 0;
    for (let index = 0; index < jumps.length; index += 1) {
      const jump = jumps[index] as PendingJump;
      if (jump.long) total += jump.form.growsBy;
      growth[index + 1] = total;
    }
    this.#growth = growth;
  }

  /** From the last jump to the first, so that code only moves to where nothing is any more. */
  #fill(): void {
    const jumps = this.jumps;
    const growth = this.#growth;
    const total = growth[jumps.length] ?? 0;
    this.reserve(total);
    const { bytes } = this;
    const end = this.size + total;
    let codeEnd = this.size;
    let moved = total;
    for (let index = jumps.length - 1; index >= 0; index -= 1) {
      const { form, to, offset, long } = jumps[index] as PendingJump;
      const codeStart = offset + form.shortBytes;
      if (moved > 0) bytes.copyWithin(codeStart + moved, codeStart, codeEnd);
      if (long) moved -= form.growsBy;
      codeEnd = offset;

      const displacement = to.offset + (growth[to.jumpsBefore] ?? 0) - offset - moved;
      const reaches = long || form.growsBy > 0 || (displacement >= form.shortMin && displacement <= form.shortMax);
      if (!reaches || displacement > form.reach || displacement < -form.reach) refuse(to);
      this.size = offset + moved;
      if (long) form.long(this, displacement);
      else form.short(this, displacement);
    }
    this.size = end;
  }
}

/** The lower half of a word, modulo 2^32. */
export function lowHalf(value: number | bigint): number {
  return typeof value === "number" ? value >>> 0 : Number(BigInt.asUintN(32, value));
}

/** The upper half. A `number` is an exact integer. */
export function highHalf(value: number | bigint): number {
  return typeof value === "number" ? Math.floor(value / 2 ** 32) >>> 0 : Number(BigInt.asUintN(32, value >> 32n));
}

// --- internal ---

function refuse(label: Label): never {
  throw new Error(`no form reaches ${label.name}; the program is too large`);
}
