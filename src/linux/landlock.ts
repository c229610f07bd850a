/**
 * Landlock as data: access rights, scopes and flags, and the version of its ABI that brought each.
 *
 * Sources: include/uapi/linux/landlock.h, Documentation/userspace-api/landlock.rst ("Previous limitations"), landlock(7).
 * @see https://man7.org/linux/man-pages/man7/landlock.7.html
 * @see https://docs.kernel.org/userspace-api/landlock.html
 * @module
 */
export const LANDLOCK_CREATE_RULESET_VERSION = 1;
export const LANDLOCK_RULE_PATH_BENEATH = 1;
export const LANDLOCK_RULE_NET_PORT = 2;

/** `LANDLOCK_ACCESS_FS_*`. */
export const ACCESS_FS = {
  EXECUTE: 1 << 0,
  WRITE_FILE: 1 << 1,
  READ_FILE: 1 << 2,
  READ_DIR: 1 << 3,
  REMOVE_DIR: 1 << 4,
  REMOVE_FILE: 1 << 5,
  MAKE_CHAR: 1 << 6,
  MAKE_DIR: 1 << 7,
  MAKE_REG: 1 << 8,
  MAKE_SOCK: 1 << 9,
  MAKE_FIFO: 1 << 10,
  MAKE_BLOCK: 1 << 11,
  MAKE_SYM: 1 << 12,
  REFER: 1 << 13,
  TRUNCATE: 1 << 14,
  IOCTL_DEV: 1 << 15,
  RESOLVE_UNIX: 1 << 16,
} as const;

export type AccessFs = keyof typeof ACCESS_FS;

/** `LANDLOCK_ACCESS_NET_*`. UDP, of ABI 10, is not among them: nobody asks for it yet. */
export const ACCESS_NET = { BIND_TCP: 1 << 0, CONNECT_TCP: 1 << 1 } as const;

/** `LANDLOCK_SCOPE_*`. */
export const SCOPE = { ABSTRACT_UNIX_SOCKET: 1 << 0, SIGNAL: 1 << 1 } as const;

/** `LANDLOCK_RESTRICT_SELF_LOG_*`. */
export const RESTRICT_SELF_LOG = { NEW_EXEC_ON: 1 << 1, SUBDOMAINS_OFF: 1 << 2 } as const;

/** The rights that a rule on anything but a directory may give; `ACCESS_FILE` in security/landlock/fs.c. */
export const FILE_RIGHTS =
  ACCESS_FS.EXECUTE |
  ACCESS_FS.WRITE_FILE |
  ACCESS_FS.READ_FILE |
  ACCESS_FS.TRUNCATE |
  ACCESS_FS.IOCTL_DEV |
  ACCESS_FS.RESOLVE_UNIX;

interface Abi {
  readonly linux: string;
  readonly fs?: readonly AccessFs[];
  readonly net?: readonly (keyof typeof ACCESS_NET)[];
  readonly scoped?: readonly (keyof typeof SCOPE)[];
  readonly log?: true;
}

/** What each version added, the first one at index 0. */
const ABIS: readonly Abi[] = [
  {
    linux: "5.13",
    fs: [
      ...(["EXECUTE", "WRITE_FILE", "READ_FILE", "READ_DIR", "REMOVE_DIR", "REMOVE_FILE", "MAKE_CHAR"] as const),
      ...(["MAKE_DIR", "MAKE_REG", "MAKE_SOCK", "MAKE_FIFO", "MAKE_BLOCK", "MAKE_SYM"] as const),
    ],
  },
  { linux: "5.19", fs: ["REFER"] },
  { linux: "6.2", fs: ["TRUNCATE"] },
  { linux: "6.7", net: ["BIND_TCP", "CONNECT_TCP"] },
  { linux: "6.10", fs: ["IOCTL_DEV"] },
  { linux: "6.12", scoped: ["ABSTRACT_UNIX_SOCKET", "SIGNAL"] },
  { linux: "6.15", log: true },
  { linux: "7.0" },
  { linux: "7.1", fs: ["RESOLVE_UNIX"] },
];

/** The newest version that is known here; a kernel that has a newer one has all of this one too. */
export const ABI_MAX = ABIS.length;

/** The release that brought a version. */
export const linuxOf = (abi: number): string => ABIS[abi - 1]?.linux ?? "";

const bitsOf = <Name extends string>(names: readonly Name[] = [], bits: Readonly<Record<Name, number>>): number =>
  names.reduce((all, name) => all | bits[name], 0);

/** Everything that a version can handle. `log`: it takes the flags of {@link RESTRICT_SELF_LOG}. */
export interface Handled {
  readonly fs: number;
  readonly net: number;
  readonly scoped: number;
  readonly log: boolean;
}

const NOTHING: Handled = { fs: 0, net: 0, scoped: 0, log: false };

/** Nothing for 0, which stands for a kernel without Landlock. */
export const handledBy = (abi: number): Handled =>
  ABIS.slice(0, Math.max(abi, 0)).reduce<Handled>(
    (all, { fs, net, scoped, log }) => ({
      fs: all.fs | bitsOf(fs, ACCESS_FS),
      net: all.net | bitsOf(net, ACCESS_NET),
      scoped: all.scoped | bitsOf(scoped, SCOPE),
      log: all.log || log === true,
    }),
    NOTHING,
  );

/** Names of the rights in a mask, in the order of their bits. */
export const accessNames = (mask: number): readonly AccessFs[] =>
  (Object.keys(ACCESS_FS) as AccessFs[]).filter((name) => (mask & ACCESS_FS[name]) !== 0);
