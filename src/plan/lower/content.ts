/**
 * Files and what is written into them.
 * @module
 */
import { branch, fail, jump, label, slot, text } from "../../ir/build.ts";
import { call, close, openat, write } from "../../ir/calls.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import { errnos } from "../../linux/errno.ts";
import { O_CREAT, O_EXCL, O_WRONLY } from "../../linux/file.ts";
import type { ContentPart, Entry, Identity } from "../contribution.ts";
import { ownerOf } from "./identity.ts";

/** Writes an id that is only known at run time to a descriptor. `name` tells several of them apart. */
export type WriteId = (which: "uid" | "gid", fd: Slot, name: string) => readonly Op[];

const fd = slot("file");
const copied = slot("copied");
const written = slot("written bytes");

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

/** A file system in memory that is full fails with ENOSPC, and not with fewer bytes, up to the size of a page. */
const WHOLE_BYTES_MAX = 4096;

const writeText = (content: string, name: string): readonly Op[] => {
  const bytes = Buffer.byteLength(content);
  const once = write(fd, text(content), bytes);
  if (bytes <= WHOLE_BYTES_MAX) return [once];
  return [
    { ...once, into: written },
    branch(written, "equal", bytes, `${name}: written`),
    fail(errnos.ENOSPC, {
      plugin: "bunker",
      phase: "mounts",
      sentence: `write(${JSON.stringify(name)}, ${bytes} bytes)`,
    }),
    label(`${name}: written`),
  ];
};

const writePart = (part: ContentPart, name: string, writeId: WriteId): readonly Op[] => {
  if (typeof part === "string") return writeText(part, name);
  return "id" in part ? writeId(part.id, fd, name) : copySecret(part.secret);
};

/** Who the payload is, and how an id of its is written. */
export interface Ids {
  readonly identity: Identity;
  readonly writeId: WriteId;
}

/** O_EXCL follows no link either (open(2)). */
export const createWithContent = (
  entry: Extract<Entry, { type: "file" }>,
  directory: Operand,
  name: string,
  { identity, writeId }: Ids,
): readonly Op[] => {
  const { mode, content, target } = entry;
  const owner = ownerOf(entry, identity);
  return [
    openat(name, { O_WRONLY, O_CREAT, O_EXCL }, mode, fd, directory),
    ...content.flatMap((part, index) => writePart(part, `${target} ${index}`, writeId)),
    ...(owner ? [call("fchown", [fd, owner.uid, owner.gid])] : []),
    close(fd),
  ];
};
