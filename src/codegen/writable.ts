/**
 * Where slots and buffers are: slots first, then buffers, all zero at the start.
 * @module
 */
import invariant from "tiny-invariant";
import type { Buffer, Op, Operand } from "../ir/op.ts";
import { MACHINE_SLOTS, type Program } from "../ir/program.ts";

/** Address of the writable segment of an image: far enough from the code for any program, and a multiple of 64 KiB pages. */
export const WRITABLE_BASE = 0x600000;

const SLOT_BYTES = 8;
const BUFFER_ALIGNMENT = 16;

/** Offsets in bytes from the first slot. */
export class WritableMemory {
  readonly #slots = new Map<string, number>();
  readonly #buffers = new Map<string, { readonly offsetBytes: number; readonly sizeBytes: number }>();
  #sizeBytes = 0;

  constructor(program: Program) {
    for (const slot of program.slots) this.#addSlot(slot.name);
    invariant(this.#slots.size === program.slots.length, "a slot is listed once, as its position is its address");
    // The words of a routine's block belong to its caller, who knows only the listed ones.
    if (program.shape === "routine") return;
    const buffers: Buffer[] = [];
    for (const op of program.ops) {
      visitOperands(op, (operand) => {
        if (operand.kind === "slot") this.#addSlot(operand.name);
        else if (operand.kind === "slotAddress") this.#addSlot(operand.slot);
        else if (operand.kind === "buffer") buffers.push(operand);
      });
    }
    for (const slot of Object.values(MACHINE_SLOTS)) this.#addSlot(slot.name);
    for (const buffer of buffers) this.#addBuffer(buffer);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  slotOffset(name: string): number {
    const offsetBytes = this.#slots.get(name);
    invariant(offsetBytes !== undefined, () => `a routine lists its slots: ${name}`);
    return offsetBytes;
  }

  bufferOffset(name: string): number {
    const buffer = this.#buffers.get(name);
    invariant(buffer, () => `a routine has no buffers: ${name}`);
    return buffer.offsetBytes;
  }

  #addSlot(name: string): void {
    if (this.#slots.has(name)) return;
    this.#slots.set(name, this.#sizeBytes);
    this.#sizeBytes += SLOT_BYTES;
  }

  #addBuffer({ name, sizeBytes }: Buffer): void {
    const known = this.#buffers.get(name);
    invariant(!known || known.sizeBytes === sizeBytes, () => `a buffer has one size: ${name}`);
    if (known) return;
    const offsetBytes = Math.ceil(this.#sizeBytes / BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT;
    this.#buffers.set(name, { offsetBytes, sizeBytes });
    this.#sizeBytes = offsetBytes + sizeBytes;
  }
}

// --- internal ---

type Visit = (operand: Exclude<Operand, number | bigint>) => void;

/** Every operand of an operation that is more than a number, with its result and the items of vectors. */
function visitOperands(op: Op, visit: Visit): void {
  if (op.kind === "syscall") for (const operand of op.args) visitOperand(operand, visit);
  if (op.kind === "set" || op.kind === "store") visitOperand(op.value, visit);
  if (op.kind === "load" || op.kind === "store") visitOperand(op.base, visit);
  if (op.kind === "fail") visitOperand(op.errno, visit);
  if (op.kind === "compute" || op.kind === "branch") {
    visitOperand(op.left, visit);
    visitOperand(op.right, visit);
  }
  if ("into" in op && op.into) visit(op.into);
}

function visitOperand(operand: Operand, visit: Visit): void {
  if (typeof operand !== "object") return;
  visit(operand);
  if (operand.kind === "vector") for (const item of operand.items) visitOperand(item, visit);
}
