/**
 * Where slots and buffers are: slots first, then buffers, all zero at the start.
 * @module
 */
import invariant from "tiny-invariant";
import type { Buffer, Operand } from "../ir/op.ts";
import { MACHINE_SLOTS, type Program } from "../ir/program.ts";

/**
 * Addresses of code and of writable memory: far enough from each other for any program, and multiples of 64 KiB pages. An image has
 * them where linkers put static x86-64 executables; a front is far behind the program that it stands in front of.
 */
export const ADDRESSES = {
  image: { code: 0x400000, writable: 0x600000 },
  front: { code: 0x7000_0000, writable: 0x6000_0000 },
} as const;

const SLOT_BYTES = 8;
const BUFFER_ALIGNMENT = 16;

/** A slot or a buffer. Within one program, the same memory is the same object. */
export interface WritablePlace {
  readonly kind: "writable";
  /** From the base register. */
  readonly displacement: number;
  /** Of a routine's it has no meaning. */
  readonly address: number;
  readonly sizeBytes: number;
}

export class WritableMemory {
  readonly #slots = new Map<string, WritablePlace>();
  readonly #buffers = new Map<string, WritablePlace>();
  readonly #bias: number;
  readonly #base: number;
  #sizeBytes = 0;

  /** The base register points `bias` bytes behind the first slot. */
  constructor(program: Program, bias: number) {
    this.#bias = bias;
    this.#base = program.shape === "routine" ? 0 : ADDRESSES[program.shape].writable;
    for (const slot of program.slots) this.#addSlot(slot.name);
    invariant(this.#slots.size === program.slots.length, "a slot is listed once, as its position is its address");
    // The words of a routine's block belong to its caller, who knows only the listed ones.
    if (program.shape === "routine") return;
    const buffers = this.#addSlotsOf(program);
    for (const slot of Object.values(MACHINE_SLOTS)) this.#addSlot(slot.name);
    for (const buffer of buffers) this.#addBuffer(buffer);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  slot(name: string): WritablePlace {
    const place = this.#slots.get(name);
    if (place === undefined) invariant(false, `a routine lists its slots: ${name}`);
    return place;
  }

  buffer(name: string): WritablePlace {
    const place = this.#buffers.get(name);
    if (place === undefined) invariant(false, `a routine has no buffers: ${name}`);
    return place;
  }

  /** Slots by first appearance, operands before results; the result is all buffers, which come behind the last slot. */
  #addSlotsOf(program: Program): Buffer[] {
    const buffers: Buffer[] = [];
    for (const op of program.ops) {
      switch (op.kind) {
        case "syscall": {
          const { args, into } = op;
          for (let index = 0; index < args.length; index += 1) {
            const operand = args[index] as Operand;
            if (typeof operand !== "object") continue;
            switch (operand.kind) {
              // Most operands have no part in this, and need no call.
              case "text":
              case "constant":
              case "bytes":
                break;
              default:
                this.#visit(operand, buffers);
            }
          }
          if (into !== undefined) this.#addSlot(into.name);
          break;
        }
        case "set":
          this.#visit(op.value, buffers);
          this.#addSlot(op.into.name);
          break;
        case "compute":
          this.#visit(op.left, buffers);
          this.#visit(op.right, buffers);
          this.#addSlot(op.into.name);
          break;
        case "load":
          this.#visit(op.base, buffers);
          this.#addSlot(op.into.name);
          break;
        case "store":
          this.#visit(op.value, buffers);
          this.#visit(op.base, buffers);
          break;
        case "branch":
          this.#visit(op.left, buffers);
          this.#visit(op.right, buffers);
          break;
        case "fail":
          this.#visit(op.errno, buffers);
          break;
        case "label":
        case "jump":
        case "resume":
          break;
      }
    }
    return buffers;
  }

  #visit(operand: Operand, buffers: Buffer[]): void {
    if (typeof operand !== "object") return;
    switch (operand.kind) {
      case "slot":
        this.#addSlot(operand.name);
        break;
      case "slotAddress":
        this.#addSlot(operand.slot);
        break;
      case "buffer":
        buffers.push(operand);
        break;
      case "vector":
        for (const item of operand.items) this.#visit(item, buffers);
        break;
    }
  }

  #addSlot(name: string): void {
    if (this.#slots.has(name)) return;
    this.#slots.set(name, this.#placeAt(this.#sizeBytes, SLOT_BYTES));
    this.#sizeBytes += SLOT_BYTES;
  }

  #addBuffer({ name, sizeBytes }: Buffer): void {
    const known = this.#buffers.get(name);
    if (known) {
      invariant(known.sizeBytes === sizeBytes, () => `a buffer has one size: ${name}`);
      return;
    }
    const offsetBytes = Math.ceil(this.#sizeBytes / BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT;
    this.#buffers.set(name, this.#placeAt(offsetBytes, sizeBytes));
    this.#sizeBytes = offsetBytes + sizeBytes;
  }

  #placeAt(offsetBytes: number, sizeBytes: number): WritablePlace {
    const displacement = offsetBytes - this.#bias;
    return { kind: "writable", displacement, address: this.#base + offsetBytes, sizeBytes };
  }
}
