/**
 * What is in no directory: an executable, written once, sealed, executed by descriptor; or bytes to be read.
 *
 * Sealed against writing, since the payload could otherwise change, through /proc/PID/exe, what the next sandbox executes
 * (CVE-2019-5736). Where memfds may not be executed (vm.memfd_noexec=2), an unnamed file stands in.
 * @module
 */

import { ptr } from "bun:ffi";
import { errnos } from "../linux/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_RDONLY, O_RDWR, O_TMPFILE_BIT, OPEN_BITS } from "../linux/file.ts";
import { cString, OwnedFd } from "./fd.ts";
import { arch, CallError, mustCall, tryCall } from "./libc.ts";

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 0x10;
const MFD_NOEXEC_SEAL = 0x8;
const F_ADD_SEALS = 1033;
const F_SEAL_ALL = 0x1 | 0x2 | 0x4 | 0x8;

const NAME = cString("bunker");

/** `kind` exists since Linux 6.3; a kernel before that refuses the bit and makes every memfd executable. */
const createMemfd = (kind: number): number => {
  const fd = tryCall("memfd_create", ptr(NAME), MFD_CLOEXEC | MFD_ALLOW_SEALING | kind);
  return fd === -errnos.EINVAL ? tryCall("memfd_create", ptr(NAME), MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
};

const writeAll = (fd: number, image: Uint8Array): void => {
  for (let at = 0; at < image.length; ) {
    const rest = image.subarray(at);
    at += mustCall("write(image)", "write", fd, ptr(rest), rest.length);
  }
};

const O_TMPFILE = O_TMPFILE_BIT | OPEN_BITS[arch].O_DIRECTORY;

const runtimeDirectory = (): string => process.env.XDG_RUNTIME_DIR ?? (process.getuid?.() === 0 ? "/run" : "/tmp");

/** A file without a name, opened again for reading: the kernel executes nothing that is open for writing (ETXTBSY). */
const unnamedFile = (image: Uint8Array): OwnedFd => {
  const directory = cString(runtimeDirectory());
  using writing = new OwnedFd(
    mustCall(
      `open("${runtimeDirectory()}", O_TMPFILE)`,
      "openat",
      AT_FDCWD,
      ptr(directory),
      O_TMPFILE | O_RDWR | O_CLOEXEC,
      0o700,
    ),
  );
  writeAll(writing.number, image);
  const again = cString(`/proc/self/fd/${writing.number}`);
  return new OwnedFd(mustCall("open(image)", "openat", AT_FDCWD, ptr(again), O_RDONLY | O_CLOEXEC));
};

/** Everybody may execute it, nobody may read it. */
const EXECUTE_ONLY = 0o111;

/**
 * Who executes what it may not read has a memory that belongs to the user namespace which could read it, and is not dumpable
 * (fs/exec.c, would_dump): no process inside may trace a launcher or init, not with CAP_SYS_PTRACE either. Root of the initial
 * namespace may read everything, and is executed as if this were not.
 */
const hide = (fd: OwnedFd): OwnedFd => {
  mustCall("fchmod(image)", "fchmod", fd.number, EXECUTE_ONLY);
  return fd;
};

/** One that only its own user namespace's parents may look into. @throws CallError when neither way is open */
export const hiddenExecutableOf = (image: Uint8Array): OwnedFd => hide(executableOf(image));

/** @throws CallError when neither way is open */
export const executableOf = (image: Uint8Array): OwnedFd => {
  const created = createMemfd(MFD_EXEC);
  return created === -errnos.EACCES ? unnamedFile(image) : sealed(created, image);
};

/** Bytes to be read, and never to be executed. @throws CallError */
export const memoryOf = (content: Uint8Array): OwnedFd => {
  const fd = sealed(createMemfd(MFD_NOEXEC_SEAL), content);
  mustCall("lseek(memfd)", "lseek", fd.number, 0, 0);
  return fd;
};

const sealed = (created: number, content: Uint8Array): OwnedFd => {
  if (created < 0) throw new CallError('memfd_create("bunker")', -created);
  const fd = new OwnedFd(created);
  writeAll(created, content);
  mustCall("fcntl(F_ADD_SEALS)", "fcntl", created, F_ADD_SEALS, F_SEAL_ALL);
  return fd;
};
