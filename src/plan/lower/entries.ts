/**
 * Entries of the plan → the calls that make them, after the root has changed.
 * @module
 */
import { flags } from "../../ir/build.ts";
import { mount, symlinkat } from "../../ir/calls.ts";
import type { Op } from "../../ir/op.ts";
import { MS } from "../../linux/mount.ts";
import type { Entry } from "../contribution.ts";
import type { From, Plan } from "../plan.ts";
import { createWithContent, type Ids, type WriteId } from "./content.ts";
import { newMount, parseOptions } from "./filesystem.ts";
import { type Ground, groundOf, mountOf } from "./ground.ts";
import { ownerOf } from "./identity.ts";
import { stamp } from "./target.ts";
import { attach, type Made, makeDirectory, placeFor } from "./targets.ts";
import { TMPFS_FLAGS, tmpfsOptions } from "./tmpfs.ts";

type Of<T extends Entry["type"]> = Extract<Entry, { type: T }>;

interface EntryContext extends Ids {
  readonly ground: Ground;
  readonly made: Made;
}

const NOEXEC = { MS_NOEXEC: MS.NOEXEC };

interface Fresh {
  readonly target: string;
  readonly type: string;
  readonly bits: Readonly<Record<string, number>>;
  readonly options: string;
}

/** By name on own ground, with one call; by descriptor everywhere else. */
const mountFresh = (entry: Entry, { target, type, bits, options }: Fresh, { ground, made }: EntryContext) => {
  if (ground.kind === "mount") {
    const attributes = (["NOSUID", "NODEV", "NOEXEC"] as const).filter((name) => `MS_${name}` in bits);
    return [
      ...newMount(type, parseOptions(options), attributes, mountOf(entry)),
      ...attach(mountOf(entry), target, true, ground, made),
    ];
  }
  const place = placeFor(target, ground, made);
  return [
    ...place.reach,
    ...makeDirectory(target, 0o755, place, ground, made),
    mount(type, place.name, type, flags(bits), options),
  ];
};

const mountTmpfs = (entry: Of<"tmpfs">, context: EntryContext): readonly Op[] => {
  const owner = ownerOf(entry, context.identity);
  return mountFresh(
    entry,
    {
      target: entry.target,
      type: "tmpfs",
      bits: { ...TMPFS_FLAGS, ...(entry.noexec ? NOEXEC : {}) },
      options: `${tmpfsOptions(entry)}${owner ? `,uid=${owner.uid},gid=${owner.gid}` : ""}`,
    },
    context,
  );
};

const mountFilesystem = (entry: Of<"filesystem">, context: EntryContext): readonly Op[] => {
  const { filesystem: type, target, options } = entry;
  // Opened before the root changed (filesystem.ts).
  if (type === "proc" || type === "sysfs") return attach(mountOf(entry), target, true, context.ground, context.made);
  // A devpts must allow devices, or no terminal of it could be opened.
  const bits = { MS_NOSUID: MS.NOSUID, ...NOEXEC, ...(type === "mqueue" ? { MS_NODEV: MS.NODEV } : {}) };
  return mountFresh(entry, { target, type, bits, options }, context);
};

const makeFile = (entry: Of<"file">, { ground, made, ...ids }: EntryContext): readonly Op[] => {
  if (entry.mount !== undefined) return attach(mountOf(entry), entry.target, false, ground, made);
  const { reach, directory, name, leave } = placeFor(entry.target, ground, made);
  return [...reach, ...createWithContent(entry, directory, name, ids), ...leave];
};

const makeSymlink = (entry: Of<"symlink">, { ground, made }: EntryContext): readonly Op[] => {
  const { reach, directory, name, leave } = placeFor(entry.target, ground, made);
  return [...reach, symlinkat(entry.to, name, directory), ...leave];
};

const makePlainDirectory = ({ target, mode }: Of<"directory">, { ground, made }: EntryContext): readonly Op[] => {
  const place = placeFor(target, ground, made);
  return [...place.reach, ...makeDirectory(target, mode, place, ground, made), ...place.leave];
};

const lowerEntry = (entry: From<Entry>, context: EntryContext): readonly Op[] => {
  const { ground, made } = context;
  switch (entry.type) {
    case "bind":
      return attach(mountOf(entry), entry.target, entry.node === "directory", ground, made);
    case "overlay":
      return attach(mountOf(entry), entry.target, true, ground, made);
    case "tmpfs":
      return mountTmpfs(entry, context);
    case "filesystem":
      return mountFilesystem(entry, context);
    case "directory":
      return makePlainDirectory(entry, context);
    case "file":
      return makeFile(entry, context);
    case "symlink":
      return makeSymlink(entry, context);
  }
};

/** Everything in the new root, parents first. */
export const makeEntries = (plan: Plan, writeId: WriteId): readonly Op[] => {
  const made: Made = new Set();
  return plan.entries.flatMap((entry) => {
    const context = { ground: groundOf(plan, entry.target), made, identity: plan.identity, writeId };
    return stamp(entry.plugin, "mounts", lowerEntry(entry, context));
  });
};
