/**
 * The new root: put in place, entered, and the old one let go.
 * @module
 */
import { flags, text } from "../../ir/build.ts";
import { AT_FDCWD, call, described, mount, moveMount } from "../../ir/calls.ts";
import type { Op } from "../../ir/op.ts";
import { MNT_DETACH, MS } from "../../linux/mount.ts";
import type { Plan } from "../plan.ts";
import { attributes, MOUNT_ATTR_BYTES, sourceSlot } from "./sources.ts";

export const TMPFS_FLAGS = { MS_NOSUID: MS.NOSUID, MS_NODEV: MS.NODEV };

/** Both limits always: a tmpfs without them takes half of the memory. */
export const tmpfsOptions = (of: { sizeBytes: number; inodes: number; mode?: number }): string =>
  `size=${of.sizeBytes},nr_inodes=${of.inodes},mode=${(of.mode ?? 0o755).toString(8).padStart(4, "0")}`;

/** Any directory that is there on every host; what is under it is no longer needed once sources are open. */
const STAGE = "/proc";

/**
 * Puts the new root in place and lets go of the old one. `pivot_root(".", ".")` stacks the old root on the new one, at the same
 * place, so that no directory for it is needed (pivot_root(2), NOTES); then it is detached with all that is below it.
 */
export const changeRoot = (plan: Plan): readonly Op[] => [
  // Nothing that happens on the host's mounts arrives here, nothing from here arrives there.
  call("mount", [0, text("/"), 0, flags({ MS_REC: MS.REC, MS_PRIVATE: MS.PRIVATE }), 0]),
  plan.root.type === "tmpfs"
    ? mount("bunker", STAGE, "tmpfs", flags(TMPFS_FLAGS), tmpfsOptions(plan.root))
    : moveMount(sourceSlot(0), STAGE),
  call("chdir", [text(STAGE)]),
  call("pivot_root", [text("."), text(".")]),
  call("umount2", [text("."), flags({ MNT_DETACH })]),
  // Without it the working directory would still be the old root (a chroot escape of old).
  call("chdir", [text("/")]),
];

const sealMount = (path: string): Op =>
  described(
    call("mount_setattr", [AT_FDCWD, text(path), 0, attributes("RDONLY"), MOUNT_ATTR_BYTES]),
    `mount_setattr(${JSON.stringify(path)}, RDONLY)`,
  );

/** Read-only from here on: file systems of our own that had to be written to until now. */
export const seal = (plan: Plan): readonly Op[] => [
  ...plan.entries.flatMap((entry) => (entry.type === "tmpfs" && entry.readOnly ? [sealMount(entry.target)] : [])),
  ...(plan.root.type === "tmpfs" ? [sealMount("/")] : []),
];
