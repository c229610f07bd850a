/**
 * Goes through the checks of a kept sandbox: whether everything that its plan rests on is still as it was.
 * @module
 */
import { branch, buffer, bytes, compute, constant, flags, jump, label, load, set, slot, text } from "../../ir/build.ts";
import { AT_FDCWD, call, ignoring, onErrno } from "../../ir/calls.ts";
import type { Op, Slot } from "../../ir/op.ts";
import { CAPABILITY_HEADER } from "../../linux/capability.ts";
import { AT_EMPTY_PATH, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_PATH, S_IFMT, S_IFREG } from "../../linux/file.ts";
import { format } from "../format.ts";
import { CHECK_BYTES, CHECKS, IDENTITY_PARTS, KEPT, MISSING, TEXT_BYTES_MAX } from "../kept.ts";
import { ask } from "../signals.ts";
import { compareBytes, findVariable, lengthOf } from "./bytes.ts";
import { caller, kept, keptWord, PATH_BYTES_MAX, STATX, STATX_BASIC, STX } from "./find.ts";
import { nofile } from "./nofile.ts";

const NEXT = "next check";
const at = slot("check");
const kind = slot("check kind");
const [a, b, c, d] = [slot("check a"), slot("check b"), slot("check c"), slot("check d")] as const;
const found = slot("found");
const result = slot("result");
const fd = slot("checked file");
const content = buffer("content", TEXT_BYTES_MAX + 16);

/** An offset becomes an address. */
const pointer = (offset: Slot): Op => compute(offset, offset, "add", kept);

/** `found` bytes at `content` are what stands at `offset`. */
const sameContent = (name: string, offset: Slot, size: Slot): readonly Op[] => [
  branch(found, "notEqual", size, "resume"),
  pointer(offset),
  ...compareBytes(name, content, offset, size, "resume"),
];

const words = (): readonly Op[] => {
  const [word, pointers, size] = [slot("word"), slot("word pointer"), slot("word bytes")];
  return [
    pointer(a),
    compute(b, a, "add", b),
    set(pointers, caller.words),
    label("words: next"),
    load(word, pointers, 0, 8),
    branch(word, "equal", 0, "words: over"),
    ...lengthOf("word", word, size),
    // With the NUL, and not beyond what is kept.
    compute(size, size, "add", 1),
    compute(found, a, "add", size),
    branch(found, "greater", b, "resume"),
    ...compareBytes("words", word, a, size, "resume"),
    compute(a, a, "add", size),
    compute(pointers, pointers, "add", 8),
    jump("words: next"),
    label("words: over"),
    branch(a, "notEqual", b, "resume"),
  ];
};

const cwd = (): readonly Op[] => [
  branch(b, "notEqual", caller.cwdBytes, "resume"),
  pointer(a),
  ...compareBytes("cwd", caller.cwd, a, b, "resume"),
];

const ids = (): readonly Op[] => [
  branch(a, "notEqual", caller.uid, "resume"),
  branch(b, "notEqual", caller.gid, "resume"),
];

/** `ask` leaves 0 for a terminal. */
const terminal = (): readonly Op[] => [
  ...ask(0, result),
  branch(result, "equal", 0, "terminal: is one"),
  branch(a, "equal", 0, NEXT),
  jump("resume"),
  label("terminal: is one"),
  branch(a, "equal", 0, "resume"),
];

const limits = (): readonly Op[] => [
  branch(a, "notEqual", nofile.soft, "resume"),
  branch(b, "notEqual", nofile.hard, "resume"),
];

const mode = (): readonly Op[] => [
  pointer(a),
  ignoring(call("statx", [AT_FDCWD, a, b, flags({ STATX_TYPE: 1, STATX_MODE: 2 }), STATX], result)),
  branch(result, "equal", 0, "mode: is there"),
  branch(d, "equal", MISSING, NEXT),
  jump("resume"),
  label("mode: is there"),
  load(found, STATX, STX.mode, 2),
  compute(found, found, "and", c),
  branch(found, "notEqual", d, "resume"),
];

const executable = (): readonly Op[] => [
  pointer(a),
  set(found, 1),
  onErrno(call("faccessat", [AT_FDCWD, a, flags({ X_OK: 1 })]), [], "executable: not"),
  jump("executable: compare"),
  label("executable: not"),
  set(found, 0),
  label("executable: compare"),
  branch(found, "notEqual", b, "resume"),
];

/** What a call that may fail has put into `content`. */
const linkText = (name: string): readonly Op[] => [
  branch(found, "greaterOrEqual", 0, `${name}: is there`),
  branch(c, "equal", MISSING, NEXT),
  jump("resume"),
  label(`${name}: is there`),
  ...sameContent(name, b, c),
];

const link = (): readonly Op[] => [
  pointer(a),
  ignoring(call("readlinkat", [AT_FDCWD, a, content, PATH_BYTES_MAX], found)),
  ...linkText("link"),
];

const PROC_FD = buffer("fd path", 64);

const real = (): readonly Op[] => [
  pointer(a),
  ignoring(call("openat", [AT_FDCWD, a, flags({ O_PATH, O_CLOEXEC }), 0], found)),
  branch(found, "less", 0, "real: text"),
  set(fd, found),
  ...format(PROC_FD, "real", "/proc/self/fd/", { decimal: fd }),
  ignoring(call("readlinkat", [AT_FDCWD, PROC_FD, content, PATH_BYTES_MAX], found)),
  call("close", [fd]),
  label("real: text"),
  ...linkText("real"),
];

/** Files of /proc are given out in pieces. One byte more than is expected tells whether it was all. */
const fileText = (): readonly Op[] => {
  const [cursor, rest] = [slot("cursor"), slot("to read")];
  return [
    pointer(a),
    onErrno(call("openat", [AT_FDCWD, a, flags({ O_NONBLOCK, O_NOCTTY, O_CLOEXEC }), 0], fd), [], "resume"),
    call("statx", [fd, text(""), flags({ AT_EMPTY_PATH }), flags({ STATX_TYPE: 1 }), STATX]),
    load(found, STATX, STX.mode, 2),
    compute(found, found, "and", S_IFMT),
    branch(found, "notEqual", S_IFREG, "resume"),
    set(cursor, content),
    compute(rest, c, "add", d),
    label("text: read"),
    branch(rest, "equal", 0, "text: read all"),
    call("read", [fd, cursor, rest], found),
    branch(found, "equal", 0, "text: read all"),
    compute(cursor, cursor, "add", found),
    compute(rest, rest, "subtract", found),
    jump("text: read"),
    label("text: read all"),
    call("close", [fd]),
    compute(found, cursor, "subtract", content),
    ...sameContent("text", b, c),
  ];
};

const environment = (): readonly Op[] => {
  const [value, size] = [slot("value"), slot("value bytes")];
  return [
    pointer(a),
    ...findVariable("environment", caller.environment, a, b, value, "environment: missing"),
    ...lengthOf("environment", value, size),
    branch(d, "notEqual", size, "resume"),
    pointer(c),
    ...compareBytes("environment", value, c, size, "resume"),
    jump(NEXT),
    label("environment: missing"),
    branch(d, "notEqual", MISSING, "resume"),
  ];
};

const capabilities = (): readonly Op[] => [
  call("capget", [bytes(CAPABILITY_HEADER, "{_LINUX_CAPABILITY_VERSION_3, 0}"), content]),
  load(found, content, 0, 4),
  compute(found, found, "and", a),
  branch(found, "notEqual", a, "resume"),
];

const identity = (): readonly Op[] => [
  pointer(a),
  pointer(b),
  call("statx", [AT_FDCWD, a, constant(0, "0"), STATX_BASIC, STATX]),
  ...IDENTITY_PARTS.flatMap(({ offset, bytes: size }, index) => [
    compute(found, STATX, "add", offset),
    ...compareBytes(`identity ${index}`, found, b, size, "resume"),
    compute(b, b, "add", size),
  ]),
];

const BODIES: Readonly<Record<Exclude<keyof typeof CHECKS, "end">, () => readonly Op[]>> = {
  words,
  cwd,
  ids,
  terminal,
  nofile: limits,
  mode,
  executable,
  link,
  real,
  text: fileText,
  environment,
  capabilities,
  identity,
};

/** Goes on when all are as they were; resumes at the first that is not. */
export const passChecks = (): readonly Op[] => [
  keptWord(at, KEPT.checks),
  pointer(at),
  label(NEXT),
  load(kind, at, 0, 8),
  ...[a, b, c, d].map((into, index) => load(into, at, 8 * (index + 1), 8)),
  compute(at, at, "add", CHECK_BYTES),
  branch(kind, "equal", CHECKS.end, "checks passed"),
  ...Object.keys(BODIES).map((name) => branch(kind, "equal", CHECKS[name as keyof typeof CHECKS], `check ${name}`)),
  jump("resume"),
  ...Object.entries(BODIES).flatMap(([name, body]) => [label(`check ${name}`), ...body(), jump(NEXT)]),
  label("checks passed"),
];
