/**
 * New file systems as detached mounts: fsopen(2), fsconfig(2), fsmount(2).
 *
 * Where a name would have to be looked up in a directory of the user's, mount(2) cannot be used: it takes names only.
 * @module
 */
import { constant, flags, slot, text } from "../../ir/build.ts";
import { call, close, described } from "../../ir/calls.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR,
} from "../../linux/mount.ts";
import type { Entry } from "../contribution.ts";
import type { From, Plan } from "../plan.ts";
import { stamp } from "./target.ts";

type Attribute = keyof typeof MOUNT_ATTR;

/** A key alone is a flag. */
export type Option = readonly [key: string, value?: Operand];

/** Options as mount(8) takes them: `newinstance,mode=0620`. */
export const parseOptions = (options: string): readonly Option[] =>
  options
    .split(",")
    .filter((option) => option !== "")
    .map((option) => {
      const [key = "", value] = option.split("=");
      return value === undefined ? [key] : [key, text(value)];
    });

const fs = slot("fs");

const configure = ([key, value]: Option): Op =>
  value === undefined
    ? call("fsconfig", [fs, constant(FSCONFIG_SET_FLAG, "FSCONFIG_SET_FLAG"), text(key), 0, 0])
    : call("fsconfig", [fs, flags({ FSCONFIG_SET_STRING }), text(key), value, 0]);

/** `into` is the mount's descriptor. It is nowhere yet. */
export const newMount = (
  type: string,
  options: readonly Option[],
  attributes: readonly Attribute[],
  into: Slot,
): readonly Op[] => [
  described(call("fsopen", [text(type), flags({ FSOPEN_CLOEXEC })], fs), `fsopen(${JSON.stringify(type)})`),
  ...options.map(configure),
  described(
    call("fsconfig", [fs, flags({ FSCONFIG_CMD_CREATE }), 0, 0, 0]),
    `fsconfig(${JSON.stringify(type)}, CREATE)`,
  ),
  described(
    call(
      "fsmount",
      [
        fs,
        flags({ FSMOUNT_CLOEXEC }),
        flags(Object.fromEntries(attributes.map((name) => [`MOUNT_ATTR_${name}`, MOUNT_ATTR[name]]))),
      ],
      into,
    ),
    `fsmount(${JSON.stringify(type)})`,
  ),
  close(fs),
];

type Filesystem = From<Extract<Entry, { type: "filesystem" }>>;

/** What shows the kernel itself. */
const isOfKernel = (entry: From<Entry>): entry is Filesystem =>
  entry.type === "filesystem" && (entry.filesystem === "proc" || entry.filesystem === "sysfs");

export const mountOfFilesystem = ({ filesystem }: Extract<Entry, { type: "filesystem" }>): Slot => slot(filesystem);

const hasSysctls = (entry: From<Entry>): entry is Filesystem =>
  entry.type === "filesystem" && entry.filesystem === "proc" && !entry.options.includes("subset=pid");

/** The descriptor of a procfs of the sandbox's own that has /proc/sys. */
export const ownSysctls = ({ entries }: Plan): Slot | undefined => {
  const proc = entries.find(hasSysctls);
  return proc && mountOfFilesystem(proc);
};

/** A sysfs is for looking at. Of a procfs the kernel itself says which files may be written to, and covers do the rest. */
const attributesOf = ({ filesystem }: Filesystem): readonly Attribute[] => [
  ...(filesystem === "sysfs" ? (["RDONLY"] as const) : []),
  "NOSUID",
  "NODEV",
  "NOEXEC",
];

/**
 * procfs and sysfs, in the phase `sources`: the kernel refuses them with EPERM where no full one of the host's is in view
 * (mount_too_revealing in fs/namespace.c), which after the change of the root is so.
 */
export const openKernelFilesystems = (plan: Plan): readonly Op[] =>
  plan.entries
    .filter(isOfKernel)
    .flatMap((entry) =>
      stamp(
        entry.plugin,
        "sources",
        newMount(entry.filesystem, parseOptions(entry.options), attributesOf(entry), mountOfFilesystem(entry)),
      ),
    );
