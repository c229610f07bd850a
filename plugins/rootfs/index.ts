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
import {
  cover,
  definePlugin,
  type Entry,
  entry,
  type Identity,
  namespace,
  note,
  refuse,
  root,
  runOnly,
  workdir,
} from "../../src/api.ts";
import { isAtOrBelow } from "../path.ts";
import { type Config, config } from "./config.ts";
import { etcFiles } from "./etc.ts";
import { flags } from "./flags.ts";
import { isPattern } from "./glob.ts";
import { mountOf } from "./layout.ts";
import { RUN, scratch, TMP, type View, viewOf } from "./view.ts";

/** What the sandbox has of its own, whatever the host has. */
const ownEntries = (view: View, identity: Identity): readonly Entry[] => {
  if (view.root.type === "directory") return view.defaults;
  return [
    ...etcFiles(identity),
    TMP,
    RUN,
    { target: "/var", type: "directory", mode: 0o755 },
    { target: "/var/tmp", type: "symlink", to: "../tmp" },
    { ...scratch(identity.home, 0o700), owner: "payload" },
  ];
};

/** What the user mounts or makes replaces what would be at or below its target. */
const isReplaced = ({ target }: Entry, { entries }: View): boolean =>
  entries.some((other) => isAtOrBelow(target, other.target));

/** A file in a directory in memory that can be written to is one of many there: to be renamed and removed, which a mount is not. */
const settleFile = (one: Entry, all: readonly Entry[]): Entry => {
  if (one.type !== "file" || one.mount !== "writable") return one;
  const around = mountOf(one.target, all);
  if (around?.type !== "tmpfs" || around.readOnly) return one;
  const { mount: _, ...file } = one;
  return file;
};

const cannotMap = (target: string, { outside }: Identity): never =>
  refuse({
    code: "E_IDMAP",
    message: `volume at ${target}: idmap is for sandboxes that root starts with ids of their own`,
    hint:
      outside === "maps"
        ? "to map the ids of a mount takes CAP_SYS_ADMIN on the host: leave idmap out"
        : "here the ids are the same inside and outside, so that there is nothing to map: leave idmap out",
  });

/** Root has given the sandbox ids that nobody else has. */
const hasOwnIds = ({ outside }: Identity): boolean => outside === "own" || outside === "range";

const mayIdmap = (identity: Identity): boolean =>
  hasOwnIds(identity) || (identity.outside === "maps" && identity.maps?.helpers === undefined);

/**
 * For ids of its own outside no file of the host's is the payload's. An overlay is a copy for the payload, whose files are its own;
 * a volume is shared, and that it is the payload's is said by `idmap`. Where the user has said which ids are mapped, owners are to be
 * what they are.
 */
const settleOwner = (one: Entry, identity: Identity): Entry => {
  if (one.type === "overlay") return hasOwnIds(identity) ? { ...one, idmap: true } : one;
  return one.type === "bind" && one.idmap && !mayIdmap(identity) ? cannotMap(one.target, identity) : one;
};

const isMapped = (one: Entry): boolean => (one.type === "bind" || one.type === "overlay") && one.idmap === true;

export default definePlugin<Config>({
  name: "rootfs",
  summary: "A root of its own: read-only view of the host's system, private /tmp, /run and home",
  after: ["userns"],
  config,
  flags,

  resolve(section, host) {
    const view = viewOf(section, host);
    return view instanceof Promise ? view.then((found) => ({ ...section, view: found })) : { ...section, view };
  },

  *plan({ view, masks = [] }, { identity }) {
    if (view === undefined) throw new Error("rootfs: resolve runs before plan");
    yield namespace("mnt");
    yield root(view.root);
    const own = ownEntries(view, identity).filter((one) => !isReplaced(one, view));
    const entries = view.entries.map((one) => settleOwner(settleFile(one, [...view.entries, ...own]), identity));
    for (const one of [...entries, ...own]) yield entry(one);
    for (const one of view.masks) yield cover(one);
    if (entries.some(isMapped)) yield runOnly("ids of mounts are mapped from outside while it starts");
    if (masks.some(isPattern)) yield runOnly("what a pattern hides is looked up when it starts");
    yield workdir(view.workdir ?? identity.home);
    for (const text of view.notes) yield note(text);
  },
});
