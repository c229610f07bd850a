/**
 * What is copied from the host, as detached mounts: the last moment at which host paths mean something.
 * @module
 */

import { bytes, flags, slot, text } from "../../ir/build.ts";
import { call, described, openTree } from "../../ir/calls.ts";
import type { Bytes, Op, Operand, Slot } from "../../ir/op.ts";
import { AT_EMPTY_PATH, AT_RECURSIVE } from "../../linux/file.ts";
import { MOUNT_ATTR, mountAttr } from "../../linux/mount.ts";
import type { Entry, Root } from "../contribution.ts";
import type { Plan } from "../plan.ts";

type Attribute = keyof typeof MOUNT_ATTR;

export interface Source {
  /** On the host, without links. */
  readonly path: string;
  /** The mount's descriptor, from its opening to the end of the mounts. */
  readonly slot: Slot;
  /** With the mounts below. */
  readonly recursive: boolean;
  /** The files of its owner become the payload's (launch/idmap.ts). */
  readonly idmap: { readonly writableIn: string | undefined } | undefined;
  readonly attributes: readonly Attribute[];
}

type Of<T extends Entry["type"]> = Extract<Entry, { type: T }>;

const readOnlyIf = (readOnly: boolean): readonly Attribute[] => (readOnly ? ["RDONLY"] : []);

const noexecIf = (noexec = false): readonly Attribute[] => (noexec ? ["NOEXEC"] : []);

/** On a nodev mount it would not work. On a read-only one it does, and only its node cannot be changed: the host's. */
const DEVICE: readonly Attribute[] = ["RDONLY", "NOSUID", "NOEXEC"];

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

const rootSource = (root: Extract<Root, { type: "directory" }>): Source => ({
  path: root.source,
  slot: slot("source /"),
  recursive: true,
  idmap: undefined,
  attributes: [...readOnlyIf(root.readOnly), "NOSUID", "NODEV"],
});

const bindSource = (bind: Of<"bind">): Source => ({
  path: bind.source,
  slot: slot(`source ${bind.target}`),
  recursive: true,
  idmap: bind.idmap ? { writableIn: bind.readOnly ? undefined : directoryOf(bind.source) } : undefined,
  attributes:
    bind.node === "device" ? DEVICE : [...readOnlyIf(bind.readOnly), "NOSUID", "NODEV", ...noexecIf(bind.noexec)],
});

/** An overlay sees one mount of each layer: what is mounted below would be left out without a word where it came along. */
const layer = (name: "lower" | "upper", path: string, { target, idmap = false }: Of<"overlay">): Source => ({
  path,
  slot: slot(`${name} ${target}`),
  recursive: false,
  // Of the upper directory the payload sees the `upper` in it.
  idmap: idmap ? { writableIn: name === "upper" ? path : undefined } : undefined,
  attributes: [...readOnlyIf(name === "lower"), "NOSUID", "NODEV"],
});

export const lowerLayer = (entry: Of<"overlay">): Source => layer("lower", entry.source, entry);

export const upperLayer = (entry: Of<"overlay">): Source | undefined =>
  entry.upper === undefined ? undefined : layer("upper", entry.upper, entry);

const sourcesOfEntry = (entry: Entry): readonly Source[] => {
  if (entry.type === "bind") return [bindSource(entry)];
  if (entry.type !== "overlay") return [];
  const upper = upperLayer(entry);
  return [lowerLayer(entry), ...(upper === undefined ? [] : [upper])];
};

/** Everything that is copied from the host, in the order of its descriptors: a root directory first. */
export const sourcesOf = ({ root, entries }: Plan): readonly Source[] => [
  ...(root.type === "directory" ? [rootSource(root)] : []),
  ...entries.flatMap(sourcesOfEntry),
];

export const sourceOfRoot = slot("source /");
export const sourceOfBind = (bind: Of<"bind">): Slot => bindSource(bind).slot;

/** The attributes of a mount, shown as mount(8) spells them. */
const attributesOperand = (names: readonly Attribute[]): Bytes =>
  bytes(mountAttr(names.reduce((all, name) => all | MOUNT_ATTR[name], 0)), `{${names.join("|") || "0"}}`);

const MOUNT_ATTR_BYTES = 32;

/** `mount_setattr(directory, path, bits, …)`. `shown` is the path for people. */
export const setAttributes = (
  directory: Operand,
  path: string,
  bits: Readonly<Record<string, number>>,
  names: readonly Attribute[],
  shown: string,
): Op =>
  described(
    call("mount_setattr", [directory, text(path), flags(bits), attributesOperand(names), MOUNT_ATTR_BYTES]),
    `mount_setattr(${JSON.stringify(shown)}, ${names.join("|")})`,
  );

/** Detached copies of all sources. Run by whoever still has the caller's rights over them. */
export const openSources = (plan: Plan): readonly Op[] =>
  sourcesOf(plan).map(({ path, slot: into, recursive }) => openTree(path, into, recursive));

/**
 * What every copy may do, set before anything can be reached through it. Recursively: a read-only bind is read-only in its submounts
 * too.
 */
export const restrictSources = (plan: Plan): readonly Op[] =>
  sourcesOf(plan).map(({ path, slot: mount, attributes }) =>
    setAttributes(mount, "", { AT_EMPTY_PATH, AT_RECURSIVE }, attributes, path),
  );
