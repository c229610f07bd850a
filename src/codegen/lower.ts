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
import { syscallNumber } from "../linux/syscalls.ts";
import type { Assembler } from "./assembler.ts";
import type { Backend, Memory } from "./backend.ts";
import { Data, type Place } from "./data.ts";
import { WRITABLE_BASE, WritableMemory } from "./writable.ts";

/** Everything that the lowering of one operation may touch. */
interface Context {
  readonly backend: Backend;
  readonly out: Assembler;
  readonly program: Program;
  readonly writable: WritableMemory;
  readonly data: Data;
  /** What registers hold. System calls preserve arguments, so a value that is still there is not loaded again. */
  readonly held: Map<string, Place>;
  /** Indices of the operations that can fail, ascending. */
  readonly failing: number[];
}

type OpOf<Kind extends Op["kind"]> = Extract<Op, { kind: Kind }>;

/** Appends the instructions and the read-only data of `program`; the result is the writable memory that they need. */
export function lower(program: Program, backend: Backend, out: Assembler): WritableMemory {
  const writable = new WritableMemory(program);
  const data = new Data(program.shape, writable);
  const context: Context = { backend, out, program, writable, data, held: new Map(), failing: [] };
  enter(context);
  program.ops.forEach((op, index) => {
    lowerOp(context, op, index);
  });
  emitLadder(context);
  data.emit(out);
  return writable;
}

// --- operations ---

function enter(context: Context): void {
  const { backend, out, program } = context;
  backend.enter(out, program.shape, WRITABLE_BASE + backend.imageBias);
  if (program.shape === "image") backend.storeStackPointer(out, slotMemory(context, MACHINE_SLOTS.stack));
}

/** One function per kind, so that the compiler counts them. */
const LOWER: { readonly [Kind in Op["kind"]]: (context: Context, op: OpOf<Kind>, index: number) => void } = {
  syscall: lowerSyscall,
  set: (context, { into, value }) => storeSlot(context, registerOf(context, value, "left"), into),
  compute: lowerCompute,
  load: lowerLoad,
  store: lowerStore,
  label: lowerLabel,
  jump: ({ backend, out }, { to }) => backend.jump(out, userLabel(to)),
  branch: lowerBranch,
  fail: lowerFail,
};

function lowerOp<Kind extends Op["kind"]>(
  context: Context,
  op: OpOf<Kind> & { readonly kind: Kind },
  index: number,
): void {
  LOWER[op.kind](context, op, index);
}

function lowerLabel({ held, out }: Context, { name }: OpOf<"label">): void {
  // Whoever jumps here may hold other values.
  held.clear();
  out.label(userLabel(name));
}

function lowerSyscall(context: Context, op: SyscallOp, index: number): void {
  const { backend, out, held } = context;
  const { registers } = backend;
  invariant(op.args.length <= registers.arguments.length, () => `a system call has at most six arguments: ${op.name}`);
  op.args.forEach((operand, position) => {
    load(context, registers.arguments[position] ?? "", operand);
  });
  load(context, registers.number, syscallNumber(op.name, backend.arch));
  backend.systemCall(out);
  for (const register of registers.clobbered) held.delete(register);
  if (op.into) storeSlot(context, registers.result, op.into);
  lowerOnErrno(context, op, index);
}

function lowerOnErrno(context: Context, { onErrno }: SyscallOp, index: number): void {
  const { backend, out, failing } = context;
  const target = onErrno.kind === "branch" ? userLabel(onErrno.to) : doneLabel(index);
  const names = onErrno.kind === "fail" ? undefined : onErrno.errnos;
  for (const name of names ?? []) backend.jumpOnErrno(out, errnos[name], target);
  if (names?.length !== 0) {
    backend.jumpOnError(out, index);
    failing.push(index);
  } else if (onErrno.kind === "branch") {
    backend.jumpOnError(out, target);
  }
  if (onErrno.kind === "ignore") out.label(doneLabel(index));
}

function lowerCompute(context: Context, op: OpOf<"compute">): void {
  const { backend, out, held } = context;
  const { left, right, scratch } = backend.registers;
  load(context, left, op.left);
  load(context, right, op.right);
  backend.compute(out, op.operation);
  for (const register of scratch) held.delete(register);
  storeSlot(context, left, op.into);
}

function lowerLoad(context: Context, op: OpOf<"load">): void {
  const { left } = context.backend.registers;
  const from = memoryAt(context, op.base, op.offsetBytes);
  context.backend.load(context.out, left, from, op.width, op.signed);
  context.held.delete(left);
  storeSlot(context, left, op.into);
}

function lowerStore(context: Context, op: OpOf<"store">): void {
  const to = memoryAt(context, op.base, op.offsetBytes);
  context.backend.store(context.out, registerOf(context, op.value, "right"), to, op.width);
}

function lowerBranch(context: Context, op: OpOf<"branch">): void {
  const left = registerOf(context, op.left, "left");
  const right = registerOf(context, op.right, "right");
  context.backend.compareAndJump(context.out, left, op.comparison, right, userLabel(op.to));
}

// --- failure ---

/** Enters the ladder like a call that returned the errno. */
function lowerFail(context: Context, { errno }: OpOf<"fail">, index: number): void {
  const { backend, out, held, failing } = context;
  const { result } = backend.registers;
  load(context, result, errno);
  held.delete(result);
  backend.negateResult(out);
  backend.jump(out, index);
  failing.push(index);
}

function emitLadder(context: Context): void {
  const { backend, out, program, failing } = context;
  if (failing.length === 0) return;
  for (const [position, index] of [...failing.entries()].reverse()) {
    out.label(index);
    const distance = index - (failing[position - 1] ?? 0);
    if (distance > 0) backend.count(out, distance);
  }
  const { result, counter } = backend.registers;
  backend.negateResult(out);
  storeSlot(context, result, MACHINE_SLOTS.failedErrno);
  storeSlot(context, counter, MACHINE_SLOTS.failedOp);
  backend.loadConstant(out, counter, 0);
  backend.jump(out, userLabel(program.onFail));
}

// --- operands ---

/** A register with the value: the zero register, or the one that has the duty. */
function registerOf(context: Context, operand: Operand, duty: "left" | "right"): string {
  const { zero, [duty]: register } = context.backend.registers;
  if (operand === 0 || operand === 0n) return zero;
  load(context, register, operand);
  return register;
}

function load(context: Context, register: string, operand: Operand): void {
  const { backend, out, held, data } = context;
  if (typeof operand === "object" && operand.kind === "slot") {
    held.delete(register);
    backend.load(out, register, slotMemory(context, operand), 8, false);
    return;
  }
  const place = data.place(operand);
  if (held.get(register) === place) return;
  held.set(register, place);
  if (place.kind === "constant") backend.loadConstant(out, register, place.value);
  else if (place.kind === "readOnly") backend.loadReadOnly(out, register, place.key);
  else loadWritableAddress(context, register, place.offsetBytes);
}

function loadWritableAddress(context: Context, register: string, offsetBytes: number): void {
  const { backend, out, program } = context;
  const address = program.shape === "image" ? WRITABLE_BASE + offsetBytes : undefined;
  backend.loadAddress(out, register, writableMemory(context, offsetBytes), address);
}

/** Memory at `base + offsetBytes`. Slots and buffers are reached without loading their address. */
function memoryAt(context: Context, base: Operand, offsetBytes: number): Memory<string> {
  const { left } = context.backend.registers;
  if (typeof base === "object" && base.kind !== "slot") {
    const place = context.data.place(base);
    if (place.kind === "writable") return writableMemory(context, place.offsetBytes + offsetBytes);
  }
  load(context, left, base);
  return { base: left, displacement: offsetBytes };
}

function writableMemory({ backend, program }: Context, offsetBytes: number): Memory<string> {
  const bias = program.shape === "image" ? backend.imageBias : 0;
  return { base: backend.registers.base, displacement: offsetBytes - bias };
}

function slotMemory(context: Context, slot: Slot): Memory<string> {
  return writableMemory(context, context.writable.slotOffset(slot.name));
}

function storeSlot(context: Context, register: string, slot: Slot): void {
  context.backend.store(context.out, register, slotMemory(context, slot), 8);
}

// --- labels ---

/** Prefixes keep the labels of a program apart from ours. The label of a rung is the index of its operation. */
function userLabel(name: string): string {
  return `label ${name}`;
}

function doneLabel(index: number): string {
  return `done ${index}`;
}
