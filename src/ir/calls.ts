/**
 * One constructor per system call, in the words of its man page (man7.org, section 2).
 *
 * Only calls that x86-64 and arm64 both have: openat, not open; dup3, not dup2; ppoll, not poll.
 * A call fails the launch on any errno, unless it is wrapped in {@link ignoring} or {@link onErrno}.
 * @module
 */

import type { ErrnoName } from "../linux/errno.ts";
import { AT_EMPTY_PATH, AT_RECURSIVE, O_CLOEXEC, OPEN_TREE_CLONE } from "../linux/file.ts";
import type { SyscallName } from "../linux/syscalls.ts";
import { addressOf, flags, text } from "./build.ts";
import type { Operand, Slot, SyscallOp } from "./op.ts";

/** Any system call, by name: `call("setuid", [1000])`. */
export const call = (name: SyscallName, args: readonly Operand[], into?: Slot): SyscallOp => {
  const op: SyscallOp = { kind: "syscall", name, args, onErrno: { kind: "fail" } };
  return into === undefined ? op : { ...op, into };
};

/** The same call, with these errnos (all, when none is named) taken as success. */
export const ignoring = (op: SyscallOp, ...errnos: readonly ErrnoName[]): SyscallOp => ({
  ...op,
  onErrno: { kind: "ignore", errnos },
});

/** The same call, with a jump on these errnos (on any, when none is named). */
export const onErrno = (op: SyscallOp, errnos: readonly ErrnoName[], to: string): SyscallOp => ({
  ...op,
  onErrno: { kind: "branch", errnos, to },
});

/** The same call, with the words that an error message and a listing use for it. */
export const described = (op: SyscallOp, sentence: string): SyscallOp => ({
  ...op,
  origin: { plugin: op.origin?.plugin ?? "", phase: op.origin?.phase ?? "", sentence },
});

export const AT_FDCWD = { kind: "constant", value: -100n, text: "AT_FDCWD" } as const;
const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
const MOVE_MOUNT_T_EMPTY_PATH = 0x40;

/** `open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | AT_RECURSIVE)`: a detached copy of the mount at `source`, and of those below it. */
export const openTree = (source: string, into: Slot, recursive = true): SyscallOp =>
  described(
    call(
      "open_tree",
      [AT_FDCWD, text(source), flags({ OPEN_TREE_CLONE, O_CLOEXEC, ...(recursive ? { AT_RECURSIVE } : {}) })],
      into,
    ),
    `open_tree(${JSON.stringify(source)})`,
  );

/** `open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH)`: the same of what a descriptor stands for. */
export const cloneMount = (fd: Operand, into: Slot, recursive = false): SyscallOp =>
  call(
    "open_tree",
    [fd, text(""), flags({ OPEN_TREE_CLONE, O_CLOEXEC, AT_EMPTY_PATH, ...(recursive ? { AT_RECURSIVE } : {}) })],
    into,
  );

/** `move_mount(mount, "", AT_FDCWD, target)`: attaches a detached mount at a path below the working directory. */
export const moveMount = (mount: Operand, target: string): SyscallOp =>
  described(
    call("move_mount", [mount, text(""), AT_FDCWD, text(target), flags({ MOVE_MOUNT_F_EMPTY_PATH })]),
    `move_mount(→ ${JSON.stringify(target)})`,
  );

/** `move_mount(mount, "", target, "")`: attaches a detached mount on an open descriptor, so that no name is looked up twice. */
export const moveMountOnto = (mount: Operand, target: Operand, shown: string): SyscallOp =>
  described(
    call("move_mount", [
      mount,
      text(""),
      target,
      text(""),
      flags({ MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH }),
    ]),
    `move_mount(→ ${JSON.stringify(shown)})`,
  );

export const mkdirat = (directory: Operand, path: string, mode: number): SyscallOp =>
  call("mkdirat", [directory, text(path), mode]);

/** A regular file to mount on; `mknodat` needs no descriptor where `openat` would. */
export const createFile = (path: string, mode: number, directory: Operand = AT_FDCWD, shown = path): SyscallOp =>
  described(
    call("mknodat", [directory, text(path), flags({ S_IFREG: 0o100000, [`0${mode.toString(8)}`]: mode }), 0]),
    `mknod(${JSON.stringify(shown)})`,
  );

export const symlinkat = (to: string, path: string, directory: Operand = AT_FDCWD): SyscallOp =>
  call("symlinkat", [text(to), directory, text(path)]);

export const openat = (
  path: string,
  bits: Readonly<Record<string, number>>,
  mode: number,
  into: Slot,
  directory: Operand = AT_FDCWD,
): SyscallOp => call("openat", [directory, text(path), flags({ ...bits, O_CLOEXEC }), mode], into);

export const write = (fd: Operand, from: Operand, sizeBytes: Operand): SyscallOp =>
  call("write", [fd, from, sizeBytes]);
export const close = (fd: Operand): SyscallOp => call("close", [fd]);
export const closeRange = (first: number, last: number | bigint): SyscallOp => call("close_range", [first, last, 0]);

export const mount = (source: string, target: string, type: string, bits: Operand, options: string): SyscallOp =>
  call("mount", [text(source), text(target), text(type), bits, text(options)]);

export const sethostname = (name: string): SyscallOp => call("sethostname", [text(name), Buffer.byteLength(name)]);
export const setdomainname = (name: string): SyscallOp => call("setdomainname", [text(name), Buffer.byteLength(name)]);

/** `pipe2(ends, flags)`: two 32-bit descriptors, the reading end in the low half of the slot. */
export const pipe2 = (ends: Slot): SyscallOp => call("pipe2", [addressOf(ends), flags({ O_CLOEXEC })]);

export const prctl = (option: Operand, ...args: readonly Operand[]): SyscallOp =>
  call("prctl", [option, ...args, 0, 0, 0, 0].slice(0, 5));

export const exitGroup = (status: Operand): SyscallOp => call("exit_group", [status]);
