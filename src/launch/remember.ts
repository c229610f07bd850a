/**
 * Keeps a compiled sandbox for the front (launcher/front/program.ts), which starts it without planning it again. Best effort: what
 * cannot be kept is planned again.
 * @module
 */
import { ptr } from "bun:ffi";
import { readdirSync, statSync } from "node:fs";
import { IDENTITY_BYTES, IDENTITY_PARTS, KEPT_SUFFIX } from "../launcher/kept.ts";
import { AT_FDCWD, AT_SYMLINK_FOLLOW, O_TMPFILE_BIT, O_WRONLY, OPEN_BITS } from "../linux/file.ts";
import type { Host } from "../plugin/host.ts";
import { cString, type OwnedFd } from "./fd.ts";
import { isTerminal } from "./host.ts";
import type { Question } from "./host-trace.ts";
import { encodeKept, keptName } from "./kept-file.ts";
import { arch, tryCall } from "./libc.ts";
import { frontNofile } from "./limits.ts";
import type { Prepared } from "./prepared.ts";
import { openIn, openRuntimeDirectory } from "./runtime-directory.ts";

/** Files that are kept at most; each is about 20 KB. */
const FILES_MAX = 64;
const STATX_BASIC = 0x7ff;

/** The oldest ones make room. */
const makeRoom = (directory: number): void => {
  const path = `/proc/self/fd/${directory}`;
  const files = readdirSync(path).filter((name) => name.endsWith(KEPT_SUFFIX));
  if (files.length < FILES_MAX) return;
  const oldestFirst = files
    .map((name) => ({ name, at: statSync(`${path}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((one, other) => one.at - other.at);
  for (const { name } of oldestFirst.slice(0, files.length - FILES_MAX / 2)) {
    tryCall("unlinkat", directory, ptr(cString(name)), 0);
  }
};

/** What tells one version of this binary from another: bytes of its `struct statx`. */
const identityOf = (executable: string): Uint8Array | undefined => {
  const [name, found] = [cString(executable), new Uint8Array(256)];
  if (tryCall("statx", AT_FDCWD, ptr(name), 0, STATX_BASIC, ptr(found)) < 0) return undefined;
  const identity = new Uint8Array(IDENTITY_BYTES);
  let at = 0;
  for (const { offset, bytes } of IDENTITY_PARTS) {
    identity.set(found.subarray(offset, offset + bytes), at);
    at += bytes;
  }
  return identity;
};

/**
 * Written without a name, which it gets when it is whole: nobody reads half of it, and a process that is killed leaves nothing.
 * A name that is taken is an older plan, which the front has found to be out of date; of two that come at once one is enough.
 */
const write = (directory: OwnedFd, name: string, bytes: Uint8Array): void => {
  using fd = openIn(directory, ".", O_TMPFILE_BIT | OPEN_BITS[arch].O_DIRECTORY | O_WRONLY, 0o600);
  if (fd === undefined || tryCall("write", fd.number, ptr(bytes), bytes.length) !== bytes.length) return;
  const [unnamed, named] = [cString(`/proc/self/fd/${fd.number}`), cString(name)];
  tryCall("unlinkat", directory.number, ptr(named), 0);
  tryCall("linkat", AT_FDCWD, ptr(unnamed), directory.number, ptr(named), AT_SYMLINK_FOLLOW);
};

export const remember = (
  argv: readonly string[],
  host: Host,
  prepared: Prepared,
  questions: readonly Question[],
): void => {
  // Without a front in this process there will be none that looks for it.
  const nofile = frontNofile();
  const identity = identityOf(host.executable);
  if (nofile === undefined || identity === undefined) return;
  const { cwd, uid, gid, executable } = host;
  const words = ["run", ...argv];
  const keptFor = { words, cwd, uid, gid, executable, identity, nofile, terminal: isTerminal(0) };
  const bytes = encodeKept(keptFor, questions, prepared);
  using directory = bytes && openRuntimeDirectory(uid, { create: true });
  if (!bytes || !directory) return;
  makeRoom(directory.number);
  write(directory, keptName(words, cwd), bytes);
};
