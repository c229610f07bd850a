/**
 * Standard streams as capabilities: a directory or a block device on 0-2 would be a door to the host.
 *
 * `fchdir(0)` or `openat(0, …)` on a directory leaves every mount namespace (security.md, row 2).
 * @module
 */
import { branch, buffer, compute, fail, flags, label, load, set, slot, text } from "../../ir/build.ts";
import { call, onErrno } from "../../ir/calls.ts";
import type { Op } from "../../ir/op.ts";
import { errnos } from "../../linux/errno.ts";

const statx = buffer("statx", 256);
const mode = slot("stdio mode");
const STX_MODE_OFFSET_BYTES = 28;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFBLK = 0o060000;

const stream = slot("stream");

const origin = { plugin: "bunker", phase: "release", sentence: "a standard stream of the sandbox" };

/** One loop over the three: an image has 10 KB. */
export const checkStdio = (): readonly Op[] => [
  set(stream, 0),
  label("check stream"),
  // A stream that is closed is no door.
  onErrno(
    call("statx", [stream, text(""), flags({ AT_EMPTY_PATH: 0x1000 }), flags({ STATX_TYPE: 1 }), statx]),
    ["EBADF"],
    "stream checked",
  ),
  load(mode, statx, STX_MODE_OFFSET_BYTES, 2),
  compute(mode, mode, "and", S_IFMT),
  branch(mode, "notEqual", S_IFDIR, "no directory"),
  fail(errnos.EISDIR, origin),
  label("no directory"),
  branch(mode, "notEqual", S_IFBLK, "stream checked"),
  fail(errnos.ENOTBLK, origin),
  label("stream checked"),
  compute(stream, stream, "add", 1),
  branch(stream, "lessOrEqual", 2, "check stream"),
];
