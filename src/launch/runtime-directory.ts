/**
 * A directory of the caller's own that is gone after a reboot: `$XDG_RUNTIME_DIR/bunker`, /run/bunker for root.
 * @module
 */

import { ptr } from "bun:ffi";
import { AT_EMPTY_PATH, AT_FDCWD, O_CLOEXEC, OPEN_BITS } from "../linux/file.ts";
import { cString, OwnedFd } from "./fd.ts";
import { arch, tryCall } from "./libc.ts";

const STATX_BASIC = 0x7ff;
const { O_DIRECTORY, O_NOFOLLOW } = OPEN_BITS[arch];
const OWNER_ONLY = 0o700;

/** Owner and mode of an open file, from `struct statx`. */
export const ownerAndMode = (
  fd: number,
): { readonly uid: number; readonly mode: number; readonly sizeBytes: number } | undefined => {
  const [empty, found] = [new Uint8Array(1), new DataView(new ArrayBuffer(256))];
  if (tryCall("statx", fd, ptr(empty), AT_EMPTY_PATH, STATX_BASIC, ptr(found)) < 0) return undefined;
  return {
    uid: found.getUint32(20, true),
    mode: found.getUint16(28, true),
    sizeBytes: Number(found.getBigUint64(40, true)),
  };
};

const pathFor = (uid: number): string | undefined => {
  if (uid === 0) return "/run/bunker";
  const { XDG_RUNTIME_DIR } = process.env;
  return XDG_RUNTIME_DIR?.startsWith("/") ? `${XDG_RUNTIME_DIR}/bunker` : undefined;
};

/**
 * Opened, and checked by its descriptor: a directory, no link, the caller's, and closed to everybody else. Undefined where there
 * is none that can be trusted. `create` makes it.
 */
export const openRuntimeDirectory = (uid: number, { create }: { readonly create: boolean }): OwnedFd | undefined => {
  const path = pathFor(uid);
  if (path === undefined) return undefined;
  const name = cString(path);
  if (create) tryCall("mkdirat", AT_FDCWD, ptr(name), OWNER_ONLY);
  const opened = tryCall("openat", AT_FDCWD, ptr(name), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0) return undefined;
  const fd = new OwnedFd(opened);
  const found = ownerAndMode(opened);
  if (found?.uid === uid && (found.mode & 0o7777) === OWNER_ONLY) return fd;
  fd[Symbol.dispose]();
  return undefined;
};

/** Opens a file in it: `flags` beside O_NOFOLLOW and O_CLOEXEC. Undefined where that fails. */
export const openIn = (directory: OwnedFd, file: string, flags: number, mode = 0): OwnedFd | undefined => {
  const name = cString(file);
  const fd = tryCall("openat", directory.number, ptr(name), flags | O_NOFOLLOW | O_CLOEXEC, mode);
  return fd < 0 ? undefined : new OwnedFd(fd);
};
