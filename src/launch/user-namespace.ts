/**
 * A user namespace for its map alone: idmapped mounts take their map from one.
 *
 * @see https://man7.org/linux/man-pages/man2/mount_setattr.2.html
 * @module
 */
import { ptr } from "bun:ffi";
import { HOLDER_PIPE } from "../launcher/holder.ts";
import { AT_FDCWD, O_CLOEXEC } from "../linux/file.ts";
import { NAMESPACES } from "../linux/namespace.ts";
import { cloneInto } from "./clone.ts";
import { cString, OwnedFd, openPipe, writeProcFile } from "./fd.ts";
import { arch, mustCall } from "./libc.ts";
import { executableOf } from "./memfd.ts";
import { PREBUILT } from "./prebuilt.ts";
import { waitForEnd } from "./wait.ts";

/** One id of each kind. */
export interface OneId {
  readonly uid: number;
  readonly gid: number;
}

const open = (path: string): OwnedFd => {
  const name = cString(path);
  return new OwnedFd(mustCall(`open("${path}")`, "openat", AT_FDCWD, ptr(name), O_CLOEXEC));
};

/** A namespace in which `inside` is `outside`. The process that it was made with is gone when this returns. @throws CallError */
export const openUserNamespace = (inside: OneId, outside: OneId): OwnedFd => {
  using image = executableOf(PREBUILT[arch].holder()).raise(HOLDER_PIPE + 1);
  const { reading, writing } = openPipe();
  using hold = writing;
  using held = reading.raise(HOLDER_PIPE + 1);
  const moves = [{ from: held.number, to: HOLDER_PIPE }];
  const { pid, pidfd } = cloneInto({ namespaces: NAMESPACES.user.flag, image, moves, ambient: false });
  try {
    writeProcFile(`/proc/${pid}/gid_map`, `${inside.gid} ${outside.gid} 1`);
    writeProcFile(`/proc/${pid}/uid_map`, `${inside.uid} ${outside.uid} 1`);
    return open(`/proc/${pid}/ns/user`);
  } finally {
    hold[Symbol.dispose]();
    waitForEnd(pid);
    pidfd[Symbol.dispose]();
  }
};
