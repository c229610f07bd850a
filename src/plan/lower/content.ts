/**
 * Files and what is written into them.
 * @module
 */
import { branch, jump, label, slot, text } from "../../ir/build.ts";
import { call, close, openat, write } from "../../ir/calls.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import { O_CREAT, O_EXCL, O_WRONLY } from "../../linux/file.ts";
import type { ContentPart, Entry } from "../contribution.ts";

/** Writes an id that is only known at run time to a descriptor. `name` tells several of them apart. */
export type WriteId = (which: "uid" | "gid", fd: Slot, name: string) => readonly Op[];

const fd = slot("file");
const copied = slot("copied");

export const secretSlot = (name: string): Slot => slot(`secret ${name}`);

/** More than any secret has (launch/secrets.ts); sendfile(2) stops at the end. */
const COPY_BYTES_MAX = 0x7fff_0000;

/** The kernel copies it from one file to the other: it is in no memory of this process. */
const copySecret = (name: string): readonly Op[] => [
  label(`secret ${name}: copy`),
  call("sendfile", [fd, secretSlot(name), 0, COPY_BYTES_MAX], copied),
  branch(copied, "equal", 0, `secret ${name}: copied`),
  jump(`secret ${name}: copy`),
  label(`secret ${name}: copied`),
  close(secretSlot(name)),
];

const writePart = (part: ContentPart, name: string, writeId: WriteId): readonly Op[] => {
  if (typeof part === "string") return [write(fd, text(part), Buffer.byteLength(part))];
  return "id" in part ? writeId(part.id, fd, name) : copySecret(part.secret);
};

/** O_EXCL follows no link either (open(2)). */
export const createWithContent = (
  { mode, content, target }: Extract<Entry, { type: "file" }>,
  directory: Operand,
  name: string,
  writeId: WriteId,
): readonly Op[] => [
  openat(name, { O_WRONLY, O_CREAT, O_EXCL }, mode, fd, directory),
  ...content.flatMap((part, index) => writePart(part, `${target} ${index}`, writeId)),
  close(fd),
];
