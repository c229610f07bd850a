/**
 * Errors of secrets. None of them says what a secret is.
 * @module
 */
import { BunkerError } from "../errors.ts";
import { errnoName, errnos, errnoText } from "../linux/errno.ts";
import { quoted } from "./text.ts";

export const secretUnreadable = (name: string, file: string, errno: number): BunkerError =>
  new BunkerError({
    code: "E_SECRET_FILE",
    message: `secret ${name}: ${quoted(file)} cannot be read: ${
      errno === errnos.EINVAL ? "it is not a regular file" : `${errnoName(errno)}, ${errnoText(errno)}`
    }`,
    hint: "it is read on the host, with your rights, when the sandbox starts",
    details: { name, file, errno },
  });

export const secretTooLarge = (name: string, bytesMax: number): BunkerError =>
  new BunkerError({
    code: "E_SECRET_SIZE",
    message: `secret ${name} is larger than ${bytesMax} bytes`,
    hint: "show what is larger as a read-only volume: -v FILE:DST:ro",
    details: { name, bytesMax },
  });
