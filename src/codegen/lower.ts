/**
 * Program → instructions, through a backend.
 *
 * A failing operation jumps to its rung of a ladder behind the program. The rungs are in descending order of their operations, and each
 * adds the distance to the next one, so that the counter ends at the index of the operation: two or three bytes per operation. The foot of the
 * ladder stores index and errno, and jumps to `onFail`.
 * @module
 */
import invariant from "tiny-invariant";
import type { Op, Operand, Slot, SyscallOp } from "../ir/op.ts";
import { MACHINE_SLOTS, type Program } from "../ir/program.ts";
import { errnos } from "../linux/errno.ts";
import { type Assembler, type Label, newLabel } from "./assembler.ts";
import { BACKEND_BYTES_MAX, type Backend } from "./backend.ts";
import { Data, type Place } from "./data.ts";
import { ADDRESSES, WritableMemory, type WritablePlace } from "./writable.ts";

/** Everything that the lowering of one operation may touch. */
interface Context {
  readonly backend: Backend;
  readonly out: Assembler;
  /** Writable memory is at an address that is known: of everything but a routine. */
  readonly isFixed: boolean;
  readonly writable: WritableMemory;
  readonly data: Data;
  readonly labels: Map<string, Label>;
  /** What registers hold, by their numbers. System calls preserve arguments, so a value that is still there is not loaded again. */
  readonly held: (Place | undefined)[];
  /** Indices of the operations that can fail, ascending, and where each of them goes then. */
  readonly failing: number[];
  readonly rungs: Label[];
}

type OpOf<Kind extends Op["kind"]> = Extract<Op, { kind: Kind }>;

/** Of all architectures. */
const REGISTERS_MAX = 32;

/** Calls of the backend in one operation, not counting named errnos: six arguments, a number, the call, a result, a jump. */
const OP_BYTES_MAX = 10 * BACKEND_BYTES_MAX;

/**
 * Writes the instructions and the read-only data of `program` as they are at the address `origin`; the result is the writable memory
 * that they need.
 */
export function lower(program: Program, backend: Backend, out: Assembler, origin: number): WritableMemory {
  const isFixed = program.shape !== "routine";
  const bias = isFixed ? backend.imageBias : 0;
  const writable = new WritableMemory(program, bias);
  const data = new Data(program.shape, writable, out, backend);
  const context: Context = {
    backend,
    out,
    isFixed,
    writable,
    data,
    labels: new Map(),
    held: new Array(REGISTERS_MAX).fill(undefined),
    failing: [],
    rungs: [],
  };
  enter(context, program);
  const { ops } = program;
  for (let index = 0; index < ops.length; index += 1) {
    if (out.bytes.length - out.size < OP_BYTES_MAX) out.reserve(OP_BYTES_MAX);
    const op = ops[index] as Op;
    switch (op.kind) {
      case "syscall":
        lowerSyscall(context, op, index);
        break;
      case "set":
        storeSlot(context, registerOf(context, op.value, backend.registers.left), op.into);
        break;
      case "compute":
        lowerCompute(context, op);
        break;
      case "load":
        lowerLoad(context, op);
        break;
      case "store":
        lowerStore(context, op);
        break;
      case "label":
        // Whoever jumps here may hold other values.
        context.held.fill(undefined);
        out.define(labelOf(context, op.name));
        break;
      case "jump":
        backend.jump(out, labelOf(context, op.to));
        break;
      case "branch":
        lowerBranch(context, op);
        break;
      case "resume":
        backend.resume(out, program.resumeAt as number);
        break;
      case "fail":
        lowerFail(context, op, index);
        break;
    }
  }
  emitLadder(context, program);
  out.settle();
  data.emit(origin);
  return writable;
}

// --- operations ---

function enter(context: Context, program: Program): void {
  const { backend, out } = context;
  const { shape } = program;
  out.reserve(2 * OP_BYTES_MAX);
  if (shape === "front") mapWritable(context, program);
  backend.enter(out, shape === "routine" ? undefined : ADDRESSES[shape].writable + backend.imageBias);
  if (shape === "routine") return;
  backend.storeStackPointer(out, backend.registers.base, context.writable.slot(MACHINE_SLOTS.stack.name).displacement);
}

const PROT_READ_WRITE = 3;
/** `MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE`. Kernels before 4.17 take the address as a wish. */
const MAP_HERE = 0x2 | 0x20 | 0x10_0000;

/** Without its memory a front does nothing at all. */
function mapWritable({ backend, out, writable }: Context, { resumeAt = 0 }: Program): void {
  const { arguments: registers, number, result, right } = backend.registers;
  const address = ADDRESSES.front.writable;
  backend.keepHanded(out);
  for (const [position, value] of [address, writable.sizeBytes, PROT_READ_WRITE, MAP_HERE, -1, 0].entries())
    backend.loadConstant(out, registers[position] as number, value);
  backend.loadConstant(out, number, backend.syscalls.mmap);
  backend.systemCall(out);
  backend.loadConstant(out, right, address);
  const mapped = newLabel("mapped");
  backend.compareAndJump(out, result, "equal", right, mapped);
  backend.resume(out, resumeAt);
  out.define(mapped);
}

function lowerSyscall(context: Context, op: SyscallOp, index: number): void {
  const { backend, out, held } = context;
  const { arguments: registers, clobbered, number, result } = backend.registers;
  const { args, into, onErrno } = op;
  if (args.length > registers.length) invariant(false, `a system call has at most six arguments: ${op.name}`);
  for (let position = 0; position < args.length; position += 1) {
    const register = registers[position] as number;
    const operand = args[position] as Operand;
    // Half of all operands: a small number, as `load` would load it.
    if (typeof operand === "number" && operand === (operand | 0)) {
      if (held[register] === operand) continue;
      held[register] = operand;
      backend.loadConstant(out, register, operand);
    } else {
      load(context, register, operand);
    }
  }
  const called = backend.syscalls[op.name];
  if (held[number] !== called) {
    held[number] = called;
    backend.loadConstant(out, number, called);
  }
  backend.systemCall(out);
  for (let position = 0; position < clobbered.length; position += 1) held[clobbered[position] as number] = undefined;
  if (into !== undefined) storeSlot(context, result, into);
  if (onErrno.kind === "fail") backend.jumpOnError(out, rungOf(context, index));
  else lowerOnErrno(context, onErrno, index);
}

function lowerOnErrno(context: Context, onErrno: Exclude<SyscallOp["onErrno"], { kind: "fail" }>, index: number): void {
  const { backend, out } = context;
  const target = onErrno.kind === "branch" ? labelOf(context, onErrno.to) : newLabel(index);
  out.reserve((onErrno.errnos.length + 1) * BACKEND_BYTES_MAX);
  for (const name of onErrno.errnos) backend.jumpOnErrno(out, errnos[name], target);
  if (onErrno.errnos.length > 0) backend.jumpOnError(out, rungOf(context, index));
  else if (onErrno.kind === "branch") backend.jumpOnError(out, target);
  if (onErrno.kind === "ignore") out.define(target);
}

function lowerCompute(context: Context, op: OpOf<"compute">): void {
  const { backend, out, held } = context;
  const { left, right, scratch } = backend.registers;
  load(context, left, op.left);
  load(context, right, op.right);
  backend.compute(out, op.operation);
  for (const register of scratch) held[register] = undefined;
  storeSlot(context, left, op.into);
}

function lowerLoad(context: Context, op: OpOf<"load">): void {
  const { backend, out } = context;
  const { base, left } = backend.registers;
  const place = writablePlace(context, op.base);
  if (place) {
    backend.load(out, left, base, place.displacement + op.offsetBytes, op.width, op.signed);
  } else {
    load(context, left, op.base);
    backend.load(out, left, left, op.offsetBytes, op.width, op.signed);
  }
  context.held[left] = undefined;
  storeSlot(context, left, op.into);
}

function lowerStore(context: Context, op: OpOf<"store">): void {
  const { backend, out } = context;
  const { base, left, right } = backend.registers;
  const place = writablePlace(context, op.base);
  if (place) {
    const value = registerOf(context, op.value, right);
    backend.store(out, value, base, place.displacement + op.offsetBytes, op.width);
  } else {
    load(context, left, op.base);
    backend.store(out, registerOf(context, op.value, right), left, op.offsetBytes, op.width);
  }
}

function lowerBranch(context: Context, op: OpOf<"branch">): void {
  const { backend, out } = context;
  const left = registerOf(context, op.left, backend.registers.left);
  const right = registerOf(context, op.right, backend.registers.right);
  backend.compareAndJump(out, left, op.comparison, right, labelOf(context, op.to));
}

// --- failure ---

/** Enters the ladder like a call that returned the errno. */
function lowerFail(context: Context, { errno }: OpOf<"fail">, index: number): void {
  const { backend, out, held } = context;
  const { result } = backend.registers;
  load(context, result, errno);
  held[result] = undefined;
  backend.negateResult(out);
  backend.jump(out, rungOf(context, index));
}

/** Where an operation goes that fails. */
function rungOf({ failing, rungs }: Context, index: number): Label {
  const rung = newLabel(index);
  failing.push(index);
  rungs.push(rung);
  return rung;
}

function emitLadder(context: Context, program: Program): void {
  const { backend, out, failing, rungs } = context;
  if (failing.length === 0) return;
  // A long way down takes one more instruction for every few thousand operations.
  out.reserve(failing.length * BACKEND_BYTES_MAX + program.ops.length);
  for (let position = failing.length - 1; position >= 0; position -= 1) {
    const distance = (failing[position] as number) - (position === 0 ? 0 : (failing[position - 1] as number));
    out.define(rungs[position] as Label);
    if (distance > 0) backend.count(out, distance);
  }
  const { result, counter } = backend.registers;
  out.reserve(OP_BYTES_MAX);
  backend.negateResult(out);
  storeSlot(context, result, MACHINE_SLOTS.failedErrno);
  storeSlot(context, counter, MACHINE_SLOTS.failedOp);
  backend.loadConstant(out, counter, 0);
  backend.jump(out, labelOf(context, program.onFail));
}

// --- operands ---

/** A register with the value: the zero register, or `otherwise` after a load. */
function registerOf(context: Context, operand: Operand, otherwise: number): number {
  if (operand === 0 || operand === 0n) return context.backend.registers.zero;
  load(context, otherwise, operand);
  return otherwise;
}

function load(context: Context, register: number, operand: Operand): void {
  const { backend, held } = context;
  if (typeof operand === "object" && operand.kind === "slot") {
    held[register] = undefined;
    const { displacement } = context.writable.slot(operand.name);
    backend.load(context.out, register, backend.registers.base, displacement, 8, false);
    return;
  }
  const place = context.data.place(operand);
  if (held[register] === place) return;
  held[register] = place;
  if (typeof place !== "object") backend.loadConstant(context.out, register, place);
  else if (place.kind === "readOnly") context.data.load(register, place);
  else loadWritableAddress(context, register, place);
}

function loadWritableAddress({ backend, out, isFixed }: Context, register: number, place: WritablePlace): void {
  const address = isFixed ? place.address : undefined;
  backend.loadAddress(out, register, backend.registers.base, place.displacement, address);
}

/** The memory that an operand is the address of, where it can be reached without loading that address: slots and buffers. */
function writablePlace({ writable }: Context, operand: Operand): WritablePlace | undefined {
  if (typeof operand !== "object") return undefined;
  if (operand.kind === "buffer") return writable.buffer(operand.name);
  return operand.kind === "slotAddress" ? writable.slot(operand.slot) : undefined;
}

function storeSlot({ backend, out, writable }: Context, register: number, slot: Slot): void {
  backend.store(out, register, backend.registers.base, writable.slot(slot.name).displacement, 8);
}

/** A label of the program's own. */
function labelOf({ labels }: Context, name: string): Label {
  const known = labels.get(name);
  if (known !== undefined) return known;
  const label = newLabel(name);
  labels.set(name, label);
  return label;
}
