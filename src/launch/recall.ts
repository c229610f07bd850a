/**
 * Sandboxes that were compiled before: the image is kept, so that the same command line starts without planning it again.
 *
 * Sound because of what is compared, each time: this binary, the words, the directory, the ids, the limits, and every answer of
 * the host that the plan rests on (host-trace.ts). Kept in the runtime directory, which only the caller can write to and no sandbox
 * is shown. What carries values of the caller's environment, a config file or a plugin file is never kept.
 * @module
 */

import { ptr } from "bun:ffi";
import { O_RDONLY } from "../linux/file.ts";
import type { Host } from "../plugin/host.ts";
import type { OwnedFd } from "./fd.ts";
import { createHost, isTerminal } from "./host.ts";
import { type Question, stillAnswers } from "./host-trace.ts";
import { tryCall } from "./libc.ts";
import { callerNofile } from "./limits.ts";
import type { Prepared } from "./prepared.ts";
import { openIn, openRuntimeDirectory, ownerAndMode } from "./runtime-directory.ts";

/** What is kept in front of the image. */
export interface Kept {
  readonly key: string;
  readonly questions: readonly Question[];
  readonly prepared: Omit<Prepared, "image">;
}

/** A file: `u32 length` of the JSON of {@link Kept}, the JSON, the image. */
export const LENGTH_BYTES = 4;
const FILE_BYTES_MAX = 256 * 1024;

/** Everything but the host's answers that a plan depends on. `binary` tells a new version of this executable from the old. */
export const keyOf = (argv: readonly string[], host: Host, binary: string): string =>
  JSON.stringify([argv, host.cwd, host.uid, host.gid, host.executable, binary, isTerminal(0), callerNofile()]);

export const fileOf = (key: string): string => `${Bun.hash(key).toString(36)}.sandbox`;

/** The size and time of change of this executable. */
export const binaryIdentity = (host: Host): string => {
  const { size, lastModified } = Bun.file(host.executable);
  return `${size} ${lastModified}`;
};

const readAll = (fd: OwnedFd, sizeBytes: number): Uint8Array | undefined => {
  const bytes = new Uint8Array(sizeBytes);
  return tryCall("read", fd.number, ptr(bytes), sizeBytes) === sizeBytes ? bytes : undefined;
};

const readKept = (bytes: Uint8Array): { readonly kept: Kept; readonly image: Uint8Array } => {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const end = LENGTH_BYTES + length;
  return { kept: JSON.parse(new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, end))), image: bytes.slice(end) };
};

const readFile = (host: Host, key: string): Uint8Array | undefined => {
  using directory = openRuntimeDirectory(host.uid, { create: false });
  using fd = directory && openIn(directory, fileOf(key), O_RDONLY);
  const found = fd && ownerAndMode(fd.number);
  if (!fd || found?.uid !== host.uid || found.sizeBytes <= LENGTH_BYTES || found.sizeBytes > FILE_BYTES_MAX)
    return undefined;
  return readAll(fd, found.sizeBytes);
};

/** The sandbox of this command line, if it was kept and the host is still the same. */
export const recall = (argv: readonly string[]): Prepared | undefined => {
  const host = createHost();
  const key = keyOf(argv, host, binaryIdentity(host));
  const bytes = readFile(host, key);
  if (bytes === undefined) return undefined;
  const { kept, image } = readKept(bytes);
  // The name of the file is a short hash: the key itself decides.
  if (kept.key !== key || !stillAnswers(host, kept.questions)) return undefined;
  return { ...kept.prepared, image };
};
