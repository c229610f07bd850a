/**
 * An overlay: a directory of the host's to read from, and what is written kept apart.
 *
 * `userxattr`: in a user namespace the kernel's own attributes (trusted.*) cannot be set. Redirects of renamed directories are off with
 * it, so that what is written is a plain tree of files, directories, and marks of what was removed (launch/changes.ts reads it).
 *
 * Errors the launcher can report from here:
 * - `EINVAL` of open_tree(2): something is mounted below the source, and locked there for an unprivileged caller.
 * - `EINVAL` of fsconfig(2): the file system of the upper directory cannot be one (overlayfs itself, NFS).
 * - `EBUSY` of fsconfig(2): another overlay writes to the upper directory.
 * - `ESTALE` of fsconfig(2): it was written to over another source (only without a user namespace, where the kernel can tell).
 *
 * @see https://docs.kernel.org/filesystems/overlayfs.html
 * @module
 */
import { branch, buffer, compute, flags, label, load, set, slot, text } from "../../ir/build.ts";
import { AT_FDCWD, call, close, described, ignoring, mkdirat, mount, moveMount, onErrno } from "../../ir/calls.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import { format } from "../../launcher/format.ts";
import { AT_EMPTY_PATH, O_CLOEXEC, O_PATH } from "../../linux/file.ts";
import type { Entry } from "../contribution.ts";
import type { From, Plan } from "../plan.ts";
import { newMount, type Option } from "./filesystem.ts";
import { mountOf } from "./ground.ts";
import { lowerLayer, type Source, upperLayer } from "./sources.ts";
import { openBelow } from "./targets.ts";
import { TMPFS_FLAGS, tmpfsOptions } from "./tmpfs.ts";

export type Overlay = Extract<Entry, { type: "overlay" }>;

export const overlaysOf = (plan: Plan): readonly From<Overlay>[] =>
  plan.entries.filter((entry): entry is From<Overlay> => entry.type === "overlay");

/** The directory that what is written goes to, for whoever compares afterwards. */
export const upperSlot = ({ target }: Overlay): Slot => slot(`written ${target}`);

const statx = buffer("statx", 256);
const mode = slot("directory mode");
const STX_MODE_OFFSET_BYTES = 28;
const PERMISSIONS = 0o7777;

/** The top of an overlay has the permissions of its upper directory: it gets those of the source. */
const copyMode = (from: Slot, path: Operand): readonly Op[] => [
  call("statx", [from, text(""), flags({ AT_EMPTY_PATH }), flags({ STATX_MODE: 2 }), statx]),
  load(mode, statx, STX_MODE_OFFSET_BYTES, 2),
  compute(mode, mode, "and", PERMISSIONS),
  call("fchmodat", [AT_FDCWD, path, mode]),
];

interface Upper {
  readonly make: readonly Op[];
  readonly options: readonly Option[];
  readonly release: readonly Op[];
}

const inMemory = (entry: Overlay, at: string): Upper => ({
  make: [
    mkdirat(AT_FDCWD, at, 0o700),
    mount("bunker", at, "tmpfs", flags(TMPFS_FLAGS), tmpfsOptions(entry)),
    ...["upper", "work", "lower"].map((name) => mkdirat(AT_FDCWD, `${at}/${name}`, 0o700)),
    ...copyMode(lowerLayer(entry).slot, text(`${at}/upper`)),
    call("openat", [AT_FDCWD, text(`${at}/upper`), flags({ O_PATH, O_CLOEXEC }), 0], upperSlot(entry)),
  ],
  options: [
    ["upperdir", text(`${at}/upper`)],
    ["workdir", text(`${at}/work`)],
  ],
  release: [],
});

const work = slot("work directory");
const isNew = slot("upper is new");
const paths = { upper: buffer("upper path", 64), work: buffer("work path", 64) } as const;

/**
 * In a directory of the user's, names may change between two looks, and overlayfs follows links: it is told descriptors, by their
 * names in /proc, which is still the host's. Both must be on one mount, which is the source's copy.
 */
const inDirectory = (entry: Overlay, at: string, { slot: fd, path }: Source): Upper => ({
  make: [
    ...["", "/lower", "/rw"].map((name) => mkdirat(AT_FDCWD, `${at}${name}`, 0o700)),
    moveMount(fd, `${at}/rw`),
    set(isNew, 0),
    onErrno(
      described(mkdirat(fd, "upper", 0o700), `mkdir(${JSON.stringify(`${path}/upper`)})`),
      ["EEXIST"],
      `${at}: has upper`,
    ),
    set(isNew, 1),
    label(`${at}: has upper`),
    ignoring(described(mkdirat(fd, "work", 0o700), `mkdir(${JSON.stringify(`${path}/work`)})`), "EEXIST"),
    openBelow(fd, text("upper"), `${path}/upper`, upperSlot(entry)),
    openBelow(fd, text("work"), `${path}/work`, work),
    ...format(paths.upper, `${at} upper`, "/proc/self/fd/", { decimal: upperSlot(entry) }),
    ...format(paths.work, `${at} work`, "/proc/self/fd/", { decimal: work }),
    // One that was there has the permissions that somebody has given it.
    branch(isNew, "equal", 0, `${at}: permissions`),
    ...copyMode(lowerLayer(entry).slot, paths.upper),
    label(`${at}: permissions`),
  ],
  options: [
    ["upperdir", paths.upper],
    ["workdir", paths.work],
    // For what comes with it: a directory that another overlay writes to is refused (EBUSY), and its contents are spared.
    ["index", text("on")],
  ],
  release: [close(work)],
});

/** `at` is a place on the stage (stage.ts), for the layers. */
export const makeOverlay = (entry: Overlay, at: string): readonly Op[] => {
  const source = upperLayer(entry);
  const upper = source === undefined ? inMemory(entry, at) : inDirectory(entry, at, source);
  const options: readonly Option[] = [["lowerdir", text(`${at}/lower`)], ...upper.options, ["userxattr"]];
  return [
    ...upper.make,
    moveMount(lowerLayer(entry).slot, `${at}/lower`),
    ...newMount(
      "overlay",
      options,
      ["NOSUID", "NODEV", ...(entry.noexec ? (["NOEXEC"] as const) : [])],
      mountOf(entry),
    ),
    ...upper.release,
  ];
};
