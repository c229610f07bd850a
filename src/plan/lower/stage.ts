/**
 * Mounts that are made of parts: files by themselves, overlays, and what hides something.
 *
 * Their parts must be attached somewhere while they are put together: kernels before 6.15 make no copy of a detached mount, nor an
 * overlay of detached layers (fs/namespace.c, clone_private_mount). So a tmpfs of ours covers the host's /dev for a moment, in our own
 * mount namespace, before the root changes. What is made there are detached mounts; the stage goes, and its file system stays for as
 * long as one of them does.
 * @module
 */
import { flags, slot, text } from "../../ir/build.ts";
import { AT_FDCWD, call, createFile, mkdirat, mount, openTree } from "../../ir/calls.ts";
import type { Op, Slot } from "../../ir/op.ts";
import { AT_EMPTY_PATH } from "../../linux/file.ts";
import { MNT_DETACH } from "../../linux/mount.ts";
import type { Cover, Entry } from "../contribution.ts";
import type { From, Plan } from "../plan.ts";
import { createWithContent, type Ids, type WriteId } from "./content.ts";
import { mountOf } from "./ground.ts";
import { asPayload } from "./identity.ts";
import { makeOverlay, overlaysOf } from "./overlay.ts";
import { setAttributes } from "./sources.ts";
import { stamp } from "./target.ts";
import { TMPFS_FLAGS, tmpfsOptions } from "./tmpfs.ts";

/** There on every host, and no longer needed: every source is open. /proc is, for the layers of overlays. */
const STAGE = "/dev";

/** For all files by themselves, as much as any other tmpfs of the payload's has by default. */
const STAGE_BYTES = 64 * 1_048_576;
/** The root, and what hides. */
const STAGE_INODES = 16;

/** What is seen in the place of something hidden. */
export const EMPTY: Readonly<Record<Cover["node"], Slot>> = {
  file: slot("empty file"),
  directory: slot("empty directory"),
};

const EMPTY_AT = { file: `${STAGE}/file`, directory: `${STAGE}/directory` } as const;

/**
 * An empty file and an empty directory of our own, and not the host's /dev/null, which the list of OCI runtimes has: nobody can have
 * put something else in their place (CVE-2025-31133), no device is needed where all else is nodev, and what copies a directory
 * (cp, tar, git) copies an empty file, where it would stop at a device.
 */
const makeEmpty = (node: Cover["node"]): readonly Op[] => [
  node === "file" ? createFile(EMPTY_AT.file, 0o444) : mkdirat(AT_FDCWD, EMPTY_AT.directory, 0o555),
  openTree(EMPTY_AT[node], EMPTY[node], false),
  setAttributes(EMPTY[node], "", { AT_EMPTY_PATH }, ["RDONLY", "NOSUID", "NODEV", "NOEXEC"], EMPTY_AT[node]),
];

type LoneFile = From<Extract<Entry, { type: "file" }>>;

const isLoneFile = (entry: From<Entry>): entry is LoneFile => entry.type === "file" && entry.mount !== undefined;

const makeFile = (entry: LoneFile, path: string, ids: Ids): readonly Op[] => {
  const into = mountOf(entry);
  return stamp(entry.plugin, "root", [
    ...createWithContent(entry, AT_FDCWD, path, ids),
    openTree(path, into, false),
    ...(entry.mount === "read-only" ? [setAttributes(into, "", { AT_EMPTY_PATH }, ["RDONLY"], entry.target)] : []),
  ]);
};

const NODES = ["file", "directory"] as const;

/** A directory also in the place of one that the sandbox may not enter (closed.ts). */
const isNeededFor = ({ how, node, optional }: Cover, empty: Cover["node"]): boolean =>
  how === "hidden" && (node === empty || (empty === "directory" && !optional));

/** Nothing where nothing is made of parts. */
export const makeStaged = (plan: Plan, writeId: WriteId): readonly Op[] => {
  const hides = NODES.filter((node) => plan.covers.some((cover) => isNeededFor(cover, node)));
  const [files, overlays] = [plan.entries.filter(isLoneFile), overlaysOf(plan)];
  if (hides.length + files.length + overlays.length === 0) return [];
  const { identity } = plan;
  const limits = { sizeBytes: STAGE_BYTES, inodes: STAGE_INODES + files.length + 4 * overlays.length };
  return [
    mount("bunker", STAGE, "tmpfs", flags(TMPFS_FLAGS), tmpfsOptions(limits)),
    ...hides.flatMap(makeEmpty),
    ...files.flatMap((entry, index) => makeFile(entry, `${STAGE}/file-${index}`, { identity, writeId })),
    ...asPayload(
      identity,
      overlays.flatMap((entry, index) => stamp(entry.plugin, "root", makeOverlay(entry, `${STAGE}/overlay-${index}`))),
    ),
    call("umount2", [text(STAGE), flags({ MNT_DETACH })]),
  ];
};
