/**
 * Mounts of the plan → rights of files. What a mount allows, its rule allows, and no more: the second layer says what the first does.
 *
 * A rule gives rights to everything below a path, and none can be taken away below it: what lies read-only in something writable is
 * held by its mount alone ({@link heldByMountAlone}). A rule belongs to an inode: what is shown in two places has the rights of both.
 * What Landlock has no right for (chmod, chown, stat) is held by mounts and modes.
 * @module
 */
import { CAPABILITIES } from "../../linux/capability.ts";
import { ACCESS_FS, FILE_RIGHTS } from "../../linux/landlock.ts";
import type { Entry } from "../contribution.ts";
import type { Plan } from "../plan.ts";

export interface PathRule {
  /** Absolute, inside. */
  readonly path: string;
  /** Bits of ACCESS_FS. */
  readonly rights: number;
}

const { EXECUTE, READ_FILE, READ_DIR, WRITE_FILE, TRUNCATE, IOCTL_DEV, REMOVE_FILE, MAKE_REG } = ACCESS_FS;
const READ = READ_FILE | READ_DIR;
const CHANGE =
  WRITE_FILE |
  TRUNCATE |
  REMOVE_FILE |
  MAKE_REG |
  ACCESS_FS.REMOVE_DIR |
  ACCESS_FS.MAKE_DIR |
  ACCESS_FS.MAKE_SOCK |
  ACCESS_FS.MAKE_FIFO |
  ACCESS_FS.MAKE_SYM |
  ACCESS_FS.REFER |
  ACCESS_FS.RESOLVE_UNIX;
const MAKE_DEVICE = ACCESS_FS.MAKE_CHAR | ACCESS_FS.MAKE_BLOCK;

const MKNOD = CAPABILITIES.indexOf("MKNOD");

type Filesystem = Extract<Entry, { type: "filesystem" }>["filesystem"];

const PSEUDO: Readonly<Record<Filesystem, number>> = {
  // A shell's > truncates, which these files ignore.
  proc: READ | WRITE_FILE | TRUNCATE,
  devpts: READ | WRITE_FILE | IOCTL_DEV,
  mqueue: READ | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE,
  sysfs: READ,
};

interface Access {
  readonly readOnly?: boolean;
  readonly noexec?: boolean;
}

const directoryRights = ({ readOnly, noexec }: Access, change: number): number =>
  READ | (noexec ? 0 : EXECUTE) | (readOnly ? 0 : change);

/** A mount that is read-only keeps nobody from writing to a device: here the rule is the first layer. */
const deviceRights = ({ readOnly }: Access): number => (readOnly ? READ_FILE : READ_FILE | WRITE_FILE | IOCTL_DEV);

/** A file on the root is as read-only as that; one that is a mount of its own may be written to. */
const fileRights = ({ mode, mount }: Extract<Entry, { type: "file" }>): number =>
  READ_FILE | ((mode & 0o111) === 0 ? 0 : EXECUTE) | (mount === "writable" ? WRITE_FILE | TRUNCATE : 0);

const rightsOf = (entry: Entry, change: number): number => {
  switch (entry.type) {
    case "bind":
      if (entry.node === "device") return deviceRights(entry);
      return directoryRights(entry, change) & (entry.node === "file" ? FILE_RIGHTS : ~0);
    case "tmpfs":
    case "overlay":
      return directoryRights(entry, change);
    case "filesystem":
      return PSEUDO[entry.filesystem];
    case "file":
      return fileRights(entry);
    case "directory":
    case "symlink":
      // What is made on the root is as readable as the root is.
      return 0;
  }
};

const isNoexec = (entry: Entry): boolean => "noexec" in entry && entry.noexec === true;

/** Programs may be executed wherever there are some, unless one place says noexec: then it is for each place to allow. */
const rootRights = ({ root, entries }: Plan, change: number): number => {
  const noexec = entries.some(isNoexec);
  return directoryRights({ readOnly: root.type === "tmpfs" || root.readOnly, noexec }, change);
};

/** Device nodes are for those who were given the capability to make some. */
const changeOf = ({ capabilities }: Plan): number => CHANGE | (capabilities.numbers.includes(MKNOD) ? MAKE_DEVICE : 0);

/** The root first; then whatever has rights that the root has not. */
export const rulesOf = (plan: Plan): readonly PathRule[] => {
  const change = changeOf(plan);
  const root = rootRights(plan, change);
  const rules = plan.entries.map((entry) => ({ path: entry.target, rights: rightsOf(entry, change) }));
  return [{ path: "/", rights: root }, ...rules.filter(({ rights }) => (rights & ~root) !== 0)];
};

const isBelow = (path: string, above: string): boolean => path.startsWith(above === "/" ? above : `${above}/`);

/** Mounts that forbid what a rule of something around them allows. */
export const heldByMountAlone = (plan: Plan): readonly string[] => {
  const rules = rulesOf(plan);
  return plan.entries.flatMap((entry) => {
    if (entry.type !== "bind" && entry.type !== "tmpfs") return [];
    const around = rules.filter(({ path }) => isBelow(entry.target, path)).reduce((all, { rights }) => all | rights, 0);
    const forbidden = (entry.readOnly ? WRITE_FILE : 0) | (entry.noexec ? EXECUTE : 0);
    return (around & forbidden) === 0 ? [] : [entry.target];
  });
};
