/**
 * What an instruction set provides. `lower.ts` decides what a program does; a backend only knows how to say it.
 *
 * Generated code never touches the stack: a `CLONE_VM` child runs it in the memory of its parent. All state is in slots, which are
 * reached through one base register.
 * @module
 */
import type { Arithmetic, Comparison, Width } from "../ir/op.ts";
import type { Arch, SyscallName } from "../linux/syscalls.ts";
import type { Assembler, Label } from "./assembler.ts";

/** Registers by their duty. */
export interface RegisterRoles<Register> {
  /** syscall(2): the number of the call. */
  readonly number: Register;
  /** syscall(2): the result. */
  readonly result: Register;
  /** syscall(2): the six arguments. */
  readonly arguments: readonly Register[];
  /** What a system call changes, as far as the other duties are concerned. */
  readonly clobbered: readonly Register[];
  /** Points at the slots. */
  readonly base: Register;
  /** Always reads as 0, except where it is the counter of a failure. */
  readonly zero: Register;
  /** 0 until a call fails; then it counts up to the index of the failed operation. */
  readonly counter: Register;
  /** First operand and result of arithmetic. */
  readonly left: Register;
  /** Second operand of arithmetic. */
  readonly right: Register;
  /** All that arithmetic may change. */
  readonly scratch: readonly Register[];
}

/** No method of a backend writes more bytes than this in one call, except for `count` of more than a thousand. */
export const BACKEND_BYTES_MAX = 32;

/**
 * Methods write one operation each, in as few bytes as they know, and registers are their numbers. A place in memory is a register and a
 * displacement in bytes.
 */
export interface Backend<Register extends number = number> {
  readonly arch: Arch;
  /** `e_machine` of elf(5). */
  readonly machine: number;
  /** Largest page size that kernels of this architecture use. */
  readonly pageBytes: number;
  /** How far behind the first slot of an image `base` points, so that short displacements reach more slots. */
  readonly imageBias: number;
  readonly registers: RegisterRoles<Register>;
  /** The size of `loadReadOnly` by register. It does not depend on addresses. */
  readonly readOnlyBytes: readonly number[];
  /** The numbers of system calls. */
  readonly syscalls: Readonly<Record<SyscallName, number>>;

  /** Sets `base` and `counter`. Without a known address, a routine's: the first C argument is that of its block. */
  enter(out: Assembler, baseAddress: number | undefined): void;
  /** Saves, where nothing else touches it, the register that the dynamic linker hands to an entry point. */
  keepHanded(out: Assembler): void;
  /** Hands that register over and goes on at an entry point. The stack is as it was: generated code never touches it. */
  resume(out: Assembler, address: number): void;
  storeStackPointer(out: Assembler, base: Register, displacement: number): void;
  /** `value` is signed, and a `bigint` only where a `number` is not exact. */
  loadConstant(out: Assembler, into: Register, value: number | bigint): void;
  /** Loads the address `to`. The instruction itself is at the address `from`. */
  loadReadOnly(out: Assembler, into: Register, to: number, from: number): void;
  /** Loads the address of writable memory. `address` is its value where that is known, which is below 2 GiB. */
  loadAddress(out: Assembler, into: Register, base: Register, displacement: number, address: number | undefined): void;
  /** Zero-extends, or sign-extends where `signed`. */
  load(out: Assembler, into: Register, base: Register, displacement: number, width: Width, signed: boolean): void;
  store(out: Assembler, value: Register, base: Register, displacement: number, width: Width): void;
  /** `left = left <operation> right`; may change every scratch register. */
  compute(out: Assembler, operation: Arithmetic): void;
  compareAndJump(out: Assembler, left: Register, comparison: Comparison, right: Register, to: Label): void;
  jump(out: Assembler, to: Label): void;
  /** The system call instruction itself. */
  systemCall(out: Assembler): void;
  /**
   * Jumps if `result` is negative. The kernel returns an errno as -4095 to -1, and nothing else that is negative: counts, ids and
   * user addresses are below 2^63. A sign is tested in fewer bytes than a range.
   */
  jumpOnError(out: Assembler, to: Label): void;
  /** Jumps if `result` is the negative of `errno`. */
  jumpOnErrno(out: Assembler, errno: number, to: Label): void;
  /** `counter += amount`. */
  count(out: Assembler, amount: number): void;
  /** `result = -result`. */
  negateResult(out: Assembler): void;
}
