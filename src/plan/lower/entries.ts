/**
 * Entries of the plan → the calls that make them, after the root has changed.
 * @module
 */
import { flags, slot, text } from "../../ir/build.ts";
import { call, close, mount, openat, symlinkat, write } from "../../ir/calls.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import { MS } from "../../linux/mount.ts";
import type { Entry, Owner } from "../contribution.ts";
import { isOwnGround } from "../merge.ts";
import type { From, Plan } from "../plan.ts";
import { changesIds, insideId } from "./identity.ts";
import { TMPFS_FLAGS, tmpfsOptions } from "./root.ts";
import { procMount, sourceSlot } from "./sources.ts";
import { stamp } from "./target.ts";
import { attach, type Ground, type Made, makeDirectory, mountFresh, ownParents, relative } from "./targets.ts";

type Of<T extends Entry["type"]> = Extract<Entry, { type: T }>;

/** Writes an id that is only known at run time to a descriptor. `name` tells several of them apart. */
export type WriteId = (which: "uid" | "gid", fd: Slot, name: string) => readonly Op[];

const fd = slot("file");

/** The ids of whoever it belongs to; undefined where that is whoever makes it. */
const ownerOf = (
  { owner }: { readonly owner?: Owner },
  { identity }: Plan,
): { readonly uid: Operand; readonly gid: Operand } | undefined =>
  owner === "payload" && changesIds(identity)
    ? { uid: insideId(identity, "uid"), gid: insideId(identity, "gid") }
    : undefined;

const makeFile = (entry: Of<"file">, path: string, { plan, writeId }: EntryContext): readonly Op[] => {
  const owner = ownerOf(entry, plan);
  return [
    // O_EXCL follows no link either (open(2)).
    openat(path, { O_WRONLY: 1, O_CREAT: 0o100, O_EXCL: 0o200 }, entry.mode, fd),
    ...entry.content.flatMap((part, index) =>
      typeof part === "string"
        ? [write(fd, text(part), Buffer.byteLength(part))]
        : writeId(part.id, fd, `${path} ${index}`),
    ),
    ...(owner ? [call("fchown", [fd, owner.uid, owner.gid])] : []),
    close(fd),
  ];
};

const NOEXEC = { MS_NOEXEC: MS.NOEXEC };

const mountTmpfs = (entry: Of<"tmpfs">, path: string, { ground, plan }: EntryContext): readonly Op[] => {
  const bits = flags({ ...TMPFS_FLAGS, ...(entry.noexec ? NOEXEC : {}) });
  const owner = ownerOf(entry, plan);
  const options = `${tmpfsOptions(entry)}${owner ? `,uid=${owner.uid},gid=${owner.gid}` : ""}`;
  return mountFresh(path, ground, (at) => mount("tmpfs", at, "tmpfs", bits, options));
};

const mountFilesystem = (entry: Of<"filesystem">, path: string, ground: Ground): readonly Op[] => {
  if (entry.filesystem === "proc") return attach(procMount, path, true, ground);
  // A devpts must allow devices, or no terminal of it could be opened.
  const bits = flags({
    MS_NOSUID: MS.NOSUID,
    ...NOEXEC,
    ...(entry.filesystem === "mqueue" ? { MS_NODEV: MS.NODEV } : {}),
  });
  return mountFresh(path, ground, (at) => mount(entry.filesystem, at, entry.filesystem, bits, entry.options));
};

interface EntryContext {
  readonly plan: Plan;
  readonly ground: Ground;
  readonly source: Slot;
  readonly writeId: WriteId;
}

const lowerEntry = (entry: From<Entry>, context: EntryContext): readonly Op[] => {
  const { ground, source } = context;
  const path = relative(entry.target);
  switch (entry.type) {
    case "bind":
      return attach(source, path, entry.node === "directory", ground);
    case "tmpfs":
      return mountTmpfs(entry, path, context);
    case "filesystem":
      return mountFilesystem(entry, path, ground);
    case "directory":
      return [...ownParents(path, ground.made), ...makeDirectory(path, entry.mode, ground.made)];
    case "file":
      return [...ownParents(path, ground.made), ...makeFile(entry, path, context)];
    case "symlink":
      return [...ownParents(path, ground.made), symlinkat(entry.to, path)];
  }
};

/** Everything in the new root, parents first. */
export const makeEntries = (plan: Plan, writeId: WriteId): readonly Op[] => {
  const made: Made = new Set();
  let source = plan.root.type === "directory" ? 1 : 0;
  return plan.entries.flatMap((entry) => {
    const context = {
      plan,
      ground: { own: isOwnGround(plan.root, plan.entries, entry.target), made },
      source: sourceSlot(source),
      writeId,
    };
    if (entry.type === "bind") source += 1;
    return stamp(entry.plugin, "mounts", lowerEntry(entry, context));
  });
};
