/**
 * What the payload sees as its file system: a root of its own, with a read-only view of the host's system, or a directory of the user's.
 *
 * Errors that `resolve` reports: `E_VOLUME_SOURCE` (missing on the host), `E_VOLUME` (what is wrong with a mount), `E_ROOTFS`.
 * Errors the launcher can report from here:
 * - `EACCES`, `EPERM` of open_tree(2): the caller may not see the source.
 * - `EINVAL` of open_tree(2): a mount below the source is unbindable.
 * - `EROFS` of mkdirat(2): the target is missing in a directory that is read-only.
 *
 * @see https://man7.org/linux/man-pages/man2/pivot_root.2.html
 * @see https://man7.org/linux/man-pages/man2/mount_setattr.2.html
 * @see https://man7.org/linux/man-pages/man5/tmpfs.5.html
 * @module
 */
import { definePlugin, type Entry, entry, type Identity, namespace, note, root, workdir } from "../../src/api.ts";
import { isAtOrBelow } from "../path.ts";
import { type Config, config, flags } from "./config.ts";
import { etcFiles } from "./etc.ts";
import { RUN, scratch, TMP, type View, viewOf } from "./view.ts";

/** What the sandbox has of its own, whatever the host has. */
const ownEntries = (view: View, identity: Identity): readonly Entry[] => {
  if (view.root.type === "directory") return view.covers;
  return [
    ...etcFiles(identity),
    TMP,
    RUN,
    { target: "/var", type: "directory", mode: 0o755 },
    { target: "/var/tmp", type: "symlink", to: "../tmp" },
    { ...scratch(identity.home, 0o700), owner: "payload" },
  ];
};

/** A mount of the user's replaces what would be at or below its target. */
const isReplaced = ({ target }: Entry, { entries }: View): boolean =>
  entries.some((other) => (other.type === "bind" || other.type === "tmpfs") && isAtOrBelow(target, other.target));

export default definePlugin<Config>({
  name: "rootfs",
  summary: "A root of its own: read-only view of the host's system, private /tmp, /run and home",
  after: ["userns"],
  config,
  flags,

  resolve: (section, host) => ({ view: viewOf(section, host) }),

  *plan({ view }, { identity }) {
    if (view === undefined) throw new Error("rootfs: resolve runs before plan");
    yield namespace("mnt");
    yield root(view.root);
    for (const one of view.entries) yield entry(one);
    for (const one of ownEntries(view, identity)) if (!isReplaced(one, view)) yield entry(one);
    yield workdir(view.workdir ?? identity.home);
    for (const text of view.notes) yield note(text);
  },
});
