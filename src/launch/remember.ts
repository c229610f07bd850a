/**
 * Keeps a compiled sandbox for {@link recall}. Best effort: what cannot be kept is compiled again.
 * @module
 */

import { ptr } from "bun:ffi";
import { readdirSync, statSync } from "node:fs";
import { O_CREAT, O_EXCL, O_WRONLY } from "../linux/file.ts";
import type { Host } from "../plugin/host.ts";
import { cString } from "./fd.ts";
import type { Question } from "./host-trace.ts";
import { tryCall } from "./libc.ts";
import type { Prepared } from "./prepared.ts";
import { binaryIdentity, fileOf, type Kept, keyOf, LENGTH_BYTES } from "./recall.ts";
import { openIn, openRuntimeDirectory } from "./runtime-directory.ts";

/** Files that are kept at most; each is about 20 KB. */
const FILES_MAX = 64;

const encode = ({ image, ...prepared }: Prepared, key: string, questions: readonly Question[]): Uint8Array => {
  const json = new TextEncoder().encode(JSON.stringify({ key, questions, prepared } satisfies Kept));
  const bytes = new Uint8Array(LENGTH_BYTES + json.length + image.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, LENGTH_BYTES);
  bytes.set(image, LENGTH_BYTES + json.length);
  return bytes;
};

/** The oldest ones make room. */
const makeRoom = (directory: number): void => {
  const path = `/proc/self/fd/${directory}`;
  const files = readdirSync(path).filter((name) => name.endsWith(".sandbox"));
  if (files.length < FILES_MAX) return;
  const oldestFirst = files
    .map((name) => ({ name, at: statSync(`${path}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((one, other) => one.at - other.at);
  for (const { name } of oldestFirst.slice(0, files.length - FILES_MAX / 2)) {
    tryCall("unlinkat", directory, ptr(cString(name)), 0);
  }
};

/** Written beside and renamed, so that nobody reads half of it; what was not written whole is removed. */
export const remember = (
  argv: readonly string[],
  host: Host,
  prepared: Prepared,
  questions: readonly Question[],
): void => {
  using directory = openRuntimeDirectory(host.uid, { create: true });
  if (directory === undefined) return;
  makeRoom(directory.number);
  const key = keyOf(argv, host, binaryIdentity(host));
  const scratch = `${process.pid}.scratch`;
  using fd = openIn(directory, scratch, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  if (fd === undefined) return;
  const bytes = encode(prepared, key, questions);
  const [from, to] = [cString(scratch), cString(fileOf(key))];
  const written = tryCall("write", fd.number, ptr(bytes), bytes.length);
  if (written === bytes.length) tryCall("renameat2", directory.number, ptr(from), directory.number, ptr(to), 0);
  else tryCall("unlinkat", directory.number, ptr(from), 0);
};
