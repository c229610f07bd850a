/**
 * What is copied from the host, as detached mounts: the last moment at which host paths mean something.
 * @module
 */

import { bytes, flags, slot, text } from "../../ir/build.ts";
import { call, close, described, openTree } from "../../ir/calls.ts";
import type { Bytes, Op, Slot } from "../../ir/op.ts";
import { AT_EMPTY_PATH, AT_RECURSIVE } from "../../linux/file.ts";
import { FSMOUNT_CLOEXEC, FSOPEN_CLOEXEC, MOUNT_ATTR, mountAttr } from "../../linux/mount.ts";
import type { Entry } from "../contribution.ts";
import type { From, Plan } from "../plan.ts";

type Bind = From<Extract<Entry, { type: "bind" }>>;

/** Everything that is copied from the host, in the order of its descriptors: a root directory first. */
export const sourcesOf = (plan: Plan): readonly string[] => [
  ...(plan.root.type === "directory" ? [plan.root.source] : []),
  ...plan.entries.flatMap((entry) => (entry.type === "bind" ? [entry.source] : [])),
];

export const sourceSlot = (index: number): Slot => slot(`source ${index}`);

type Attribute = keyof typeof MOUNT_ATTR;

/** The attributes of a mount, shown as mount(8) spells them. */
export const attributes = (...names: readonly Attribute[]): Bytes =>
  bytes(mountAttr(names.reduce((all, name) => all | MOUNT_ATTR[name], 0)), `{${names.join("|") || "0"}}`);

export const MOUNT_ATTR_BYTES = 32;

/** `mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, …)`: a read-only bind is read-only in its submounts too. */
const restrictTree = (mountFd: Slot, names: readonly Attribute[], shown: string): Op =>
  described(
    call("mount_setattr", [
      mountFd,
      text(""),
      flags({ AT_EMPTY_PATH, AT_RECURSIVE }),
      attributes(...names),
      MOUNT_ATTR_BYTES,
    ]),
    `mount_setattr(${JSON.stringify(shown)}, ${names.join("|")})`,
  );

const bindAttributes = (bind: Bind): readonly Attribute[] => [
  ...(bind.readOnly ? (["RDONLY"] as const) : []),
  "NOSUID",
  // A device node is the one thing on a nodev mount that would not work.
  ...(bind.node === "device" ? (["NOEXEC"] as const) : (["NODEV"] as const)),
  ...(bind.noexec && bind.node !== "device" ? (["NOEXEC"] as const) : []),
];

/** Detached copies of all sources. Run by whoever still has the caller's rights over them. */
export const openSources = (plan: Plan): readonly Op[] =>
  sourcesOf(plan).map((source, index) => openTree(source, sourceSlot(index)));

export const procMount = slot("proc");

/** fsopen(2), fsconfig(2), fsmount(2) of a new procfs, refused with EPERM where no full procfs of the host is in view. */
const openProc = (options: string): readonly Op[] => [
  call("fsopen", [text("proc"), flags({ FSOPEN_CLOEXEC })], slot("fs")),
  ...options
    .split(",")
    .filter((option) => option !== "")
    .map((option) => {
      const [key = "", value = ""] = option.split("=");
      return call("fsconfig", [slot("fs"), flags({ FSCONFIG_SET_STRING: 1 }), text(key), text(value), 0]);
    }),
  call("fsconfig", [slot("fs"), flags({ FSCONFIG_CMD_CREATE: 6 }), 0, 0, 0]),
  described(
    call(
      "fsmount",
      [
        slot("fs"),
        flags({ FSMOUNT_CLOEXEC }),
        flags({ NOSUID: MOUNT_ATTR.NOSUID, NODEV: MOUNT_ATTR.NODEV, NOEXEC: MOUNT_ATTR.NOEXEC }),
      ],
      procMount,
    ),
    'fsmount("proc")',
  ),
  close(slot("fs")),
];

const isProc = (entry: Entry): boolean => entry.type === "filesystem" && entry.filesystem === "proc";

export const hasNewProc = (plan: Plan): boolean => plan.entries.some(isProc);

export const openNewProc = (plan: Plan): readonly Op[] =>
  plan.entries.flatMap((entry) => (isProc(entry) && entry.type === "filesystem" ? openProc(entry.options) : []));

/** What every bind may do, set on the detached copies, before anything can be reached through them. */
export const restrictSources = (plan: Plan): readonly Op[] => {
  const offset = plan.root.type === "directory" ? 1 : 0;
  const binds = plan.entries.filter((entry): entry is Bind => entry.type === "bind");
  const { root } = plan;
  return [
    ...(root.type === "directory"
      ? [restrictTree(sourceSlot(0), [...(root.readOnly ? (["RDONLY"] as const) : []), "NOSUID", "NODEV"], root.source)]
      : []),
    ...binds.map((bind, index) => restrictTree(sourceSlot(index + offset), bindAttributes(bind), bind.source)),
  ];
};
