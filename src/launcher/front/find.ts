/**
 * Finds the file that may be kept for this command line, and reads it.
 *
 * The directory and the file must be the caller's alone: what is in them is executed (launch/runtime-directory.ts, which makes them).
 * @module
 */
import { branch, buffer, bytes, compute, flags, jump, label, load, set, slot, text } from "../../ir/build.ts";
import { AT_FDCWD, call, ignoring, onErrno } from "../../ir/calls.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import { MACHINE_SLOTS } from "../../ir/program.ts";
import { AT_EMPTY_PATH, O_CLOEXEC, O_NONBLOCK, OPEN_BITS } from "../../linux/file.ts";
import type { Arch } from "../../linux/syscalls.ts";
import { HASH_START, KEPT, KEPT_BYTES_MAX, KEPT_MAGIC } from "../kept.ts";
import { append, findVariable, formatName, hashString } from "./bytes.ts";

export const PATH_BYTES_MAX = 4096;

/** What the front knows of its caller. */
export const caller = {
  /** Address of argv[1]'s pointer. */
  words: slot("words"),
  environment: slot("environment"),
  uid: slot("uid"),
  gid: slot("gid"),
  cwd: buffer("cwd", PATH_BYTES_MAX),
  /** With its NUL. */
  cwdBytes: slot("cwd bytes"),
} as const;

/** The file, in memory. */
export const kept = buffer("kept", KEPT_BYTES_MAX);
export const STATX = buffer("statx", 256);
export const STATX_BASIC = flags({ STATX_BASIC_STATS: 0x7ff });
/** Offsets in `struct statx`, statx(2). */
export const STX = { uid: 20, mode: 28, sizeBytes: 40 } as const;

/** A word of the kept file's header. */
export const keptWord = (into: Slot, offset: number): Op => load(into, kept, offset, 8);

const path = buffer("path", 2 * PATH_BYTES_MAX);
const cursor = slot("cursor");
const value = slot("value");
const hash = slot("hash");
const directory = slot("directory");
const file = slot("kept file");
const found = slot("found");

const RUNTIME_DIRECTORY = "XDG_RUNTIME_DIR";
/** `run`, with its NUL, as a number of 32 bits. */
const RUN = 0x006e_7572;

const readCaller = (): readonly Op[] => {
  const count = slot("argument count");
  return [
    load(count, MACHINE_SLOTS.stack, 0, 8),
    // `bunker run COMMAND` at least: everything else is not for the front.
    branch(count, "less", 3, "resume"),
    compute(caller.words, MACHINE_SLOTS.stack, "add", 16),
    load(value, caller.words, 0, 8),
    load(value, value, 0, 4),
    branch(value, "notEqual", RUN, "resume"),
    compute(caller.environment, count, "shiftLeft", 3),
    compute(caller.environment, caller.environment, "add", caller.words),
    call("geteuid", [], caller.uid),
    call("getegid", [], caller.gid),
    // A path that does not fit is nobody's.
    call("getcwd", [caller.cwd, PATH_BYTES_MAX], caller.cwdBytes),
  ];
};

const formatDirectory = (): readonly Op[] => [
  set(cursor, path),
  branch(caller.uid, "equal", 0, "directory: root's"),
  ...findVariable("directory", caller.environment, text(RUNTIME_DIRECTORY), RUNTIME_DIRECTORY.length, value, "resume"),
  load(found, value, 0, 1),
  branch(found, "notEqual", "/".charCodeAt(0), "resume"),
  ...append("directory: user's", cursor, value),
  compute(found, cursor, "subtract", path),
  branch(found, "greater", PATH_BYTES_MAX, "resume"),
  ...append("directory: name", cursor, text("/bunker")),
  jump("directory: known"),
  label("directory: root's"),
  ...append("directory: run", cursor, text("/run/bunker")),
  label("directory: known"),
];

/** Owned by the caller, of exactly this type and these permissions. */
const checkOwner = (fd: Operand, mode: number): readonly Op[] => [
  call("statx", [fd, text(""), flags({ AT_EMPTY_PATH }), STATX_BASIC, STATX]),
  load(found, STATX, STX.uid, 4),
  branch(found, "notEqual", caller.uid, "resume"),
  load(found, STATX, STX.mode, 2),
  branch(found, "notEqual", mode, "resume"),
];

const formatFileName = (name: Operand): readonly Op[] => [
  set(hash, HASH_START),
  set(cursor, caller.words),
  label("hash: word"),
  load(value, cursor, 0, 8),
  branch(value, "equal", 0, "hash: directory"),
  ...hashString("word", hash, value),
  compute(cursor, cursor, "add", 8),
  jump("hash: word"),
  label("hash: directory"),
  ...hashString("cwd", hash, caller.cwd),
  ...formatName(hash, name),
];

const OPEN = { O_CLOEXEC, O_NONBLOCK };

/** `path` is the directory's until here, and from here on the name of the file. */
const openKept = (arch: Arch): readonly Op[] => {
  const { O_DIRECTORY, O_NOFOLLOW } = OPEN_BITS[arch];
  return [
    onErrno(call("openat", [AT_FDCWD, path, flags({ ...OPEN, O_DIRECTORY, O_NOFOLLOW }), 0], directory), [], "resume"),
    ...checkOwner(directory, 0o040700),
    ...formatFileName(path),
    ignoring(call("openat", [directory, path, flags({ ...OPEN, O_NOFOLLOW }), 0], file)),
    call("close", [directory]),
    branch(file, "less", 0, "resume"),
    ...checkOwner(file, 0o100600),
  ];
};

const readKept = (): readonly Op[] => {
  const size = slot("kept bytes");
  return [
    load(size, STATX, STX.sizeBytes, 8),
    branch(size, "greater", KEPT_BYTES_MAX, "resume"),
    call("read", [file, kept, size], found),
    call("close", [file]),
    branch(found, "notEqual", size, "resume"),
    keptWord(found, KEPT.magic),
    branch(found, "notEqual", KEPT_MAGIC, "resume"),
    keptWord(found, KEPT.sizeBytes),
    branch(found, "notEqual", size, "resume"),
  ];
};

/** Goes on with {@link kept} read; everything else resumes. */
export const findKept = (arch: Arch): readonly Op[] => [
  ...readCaller(),
  ...formatDirectory(),
  ...openKept(arch),
  ...readKept(),
];

/** The front's own argument: an empty string for calls that take a descriptor. */
export const EMPTY = bytes(new Uint8Array(1), '""');
