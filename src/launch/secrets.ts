/**
 * Secrets on their way in: read here, at the last moment, and handed to the launcher as sealed memory, by descriptor.
 *
 * Not in the plan, so that no explanation shows them; not in the program, so that no image has them, neither one that is compiled or
 * kept, nor the one that init stays mapped from for as long as the sandbox lives; not in arguments or environments, which others can
 * read. The launcher has the kernel copy one file to the other (sendfile), and this process becomes the monitor, or forgets.
 * @module
 */
import { ptr } from "bun:ffi";
import { secretTooLarge, secretUnreadable } from "../errors/secrets.ts";
import { errnos } from "../linux/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, S_IFMT, S_IFREG } from "../linux/file.ts";
import { cString, OwnedFd } from "./fd.ts";
import { tryCall } from "./libc.ts";
import { memoryOf } from "./memfd.ts";
import type { PreparedSecret } from "./prepared.ts";
import { ownerAndMode } from "./runtime-directory.ts";

/** As much as Docker's and a little more; a volume has no limit. */
export const SECRET_BYTES_MAX = 512 * 1024;

/** One byte more than is allowed tells that there is more. */
const readAll = (fd: number, name: string, path: string): Uint8Array => {
  const bytes = new Uint8Array(SECRET_BYTES_MAX + 1);
  for (let size = 0; ; ) {
    const rest = bytes.subarray(size);
    const count = rest.length === 0 ? 0 : tryCall("read", fd, ptr(rest), rest.length);
    if (count < 0) throw secretUnreadable(name, path, -count);
    if (count === 0) return bytes.subarray(0, size);
    size += count;
  }
};

/** What was looked at may be something else by now: only what was opened counts, and no pipe holds us. */
const readFile = (name: string, path: string): Uint8Array => {
  const file = cString(path);
  const opened = tryCall("openat", AT_FDCWD, ptr(file), O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (opened < 0) throw secretUnreadable(name, path, -opened);
  using fd = new OwnedFd(opened);
  const mode = ownerAndMode(fd.number)?.mode ?? 0;
  if ((mode & S_IFMT) !== S_IFREG) throw secretUnreadable(name, path, errnos.EINVAL);
  return readAll(fd.number, name, path);
};

const contentOf = ({ name, from }: PreparedSecret): Uint8Array =>
  "file" in from ? readFile(name, from.file) : new TextEncoder().encode(process.env[from.variable] ?? "");

/** @throws BunkerError */
export const openSecret = (secret: PreparedSecret): OwnedFd => {
  const content = contentOf(secret);
  if (content.length > SECRET_BYTES_MAX) throw secretTooLarge(secret.name, SECRET_BYTES_MAX);
  return memoryOf(content);
};
