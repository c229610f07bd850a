/**
 * The new root: put in place, entered, and the old one let go.
 * @module
 */
import { flags, text } from "../../ir/build.ts";
import { AT_FDCWD, call, mount, moveMount } from "../../ir/calls.ts";
import type { Op } from "../../ir/op.ts";
import { AT_EMPTY_PATH } from "../../linux/file.ts";
import { MNT_DETACH, MS } from "../../linux/mount.ts";
import type { Plan } from "../plan.ts";
import type { WriteId } from "./content.ts";
import { groundOf, mountOf } from "./ground.ts";
import { setAttributes, sourceOfRoot } from "./sources.ts";
import { makeStaged } from "./stage.ts";
import { TMPFS_FLAGS, tmpfsOptions } from "./tmpfs.ts";

/** Any directory that is there on every host; what is under it is no longer needed once sources are open. */
const STAGE = "/proc";

/**
 * Puts the new root in place and lets go of the old one. `pivot_root(".", ".")` stacks the old root on the new one, at the same
 * place, so that no directory for it is needed (pivot_root(2), NOTES); then it is detached with all that is below it.
 */
export const changeRoot = (plan: Plan, writeId: WriteId): readonly Op[] => [
  // Nothing that happens on the host's mounts arrives here, nothing from here arrives there.
  call("mount", [0, text("/"), 0, flags({ MS_REC: MS.REC, MS_PRIVATE: MS.PRIVATE }), 0]),
  // Modes are what the plan says. What the payload has is set in its session.
  call("umask", [0]),
  ...makeStaged(plan, writeId),
  plan.root.type === "tmpfs"
    ? mount("bunker", STAGE, "tmpfs", flags(TMPFS_FLAGS), tmpfsOptions(plan.root))
    : moveMount(sourceOfRoot, STAGE),
  call("chdir", [text(STAGE)]),
  call("pivot_root", [text("."), text(".")]),
  call("umount2", [text("."), flags({ MNT_DETACH })]),
  // Without it the working directory would still be the old root (a chroot escape of old).
  call("chdir", [text("/")]),
];

/** Read-only from here on: file systems of our own that had to be written to until now. */
export const seal = (plan: Plan): readonly Op[] => [
  ...plan.entries.flatMap((entry) => {
    if (entry.type !== "tmpfs" || !entry.readOnly) return [];
    const isPlain = groundOf(plan, entry.target).kind === "own";
    return isPlain
      ? [setAttributes(AT_FDCWD, entry.target, {}, ["RDONLY"], entry.target)]
      : [setAttributes(mountOf(entry), "", { AT_EMPTY_PATH }, ["RDONLY"], entry.target)];
  }),
  ...(plan.root.type === "tmpfs" ? [setAttributes(AT_FDCWD, "/", {}, ["RDONLY"], "/")] : []),
];
