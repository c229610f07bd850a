/**
 * Constants and structures of the mount calls.
 *
 * Sources: include/uapi/linux/mount.h, include/uapi/linux/openat2.h, mount_setattr(2), openat2(2), fsopen(2), fsconfig(2).
 * @module
 */
export const MS = { NOSUID: 2, NODEV: 4, NOEXEC: 8, REC: 0x4000, PRIVATE: 1 << 18 } as const;

export const MOUNT_ATTR = { RDONLY: 1, NOSUID: 2, NODEV: 4, NOEXEC: 8 } as const;
/** Not among the others: it comes with the descriptor of a user namespace, whose map is the mount's. */
export const MOUNT_ATTR_IDMAP = 0x10_0000;

export const RESOLVE = { NO_XDEV: 0x01, NO_MAGICLINKS: 0x02, NO_SYMLINKS: 0x04, IN_ROOT: 0x10 } as const;

export const MNT_DETACH = 2;
export const FSCONFIG_SET_FLAG = 0;
export const FSCONFIG_SET_STRING = 1;
export const FSCONFIG_CMD_CREATE = 6;
export const FSOPEN_CLOEXEC = 1;
export const FSMOUNT_CLOEXEC = 1;

const words = (...values: readonly (number | bigint)[]): Uint8Array =>
  new Uint8Array(new BigUint64Array(values.map(BigInt)).buffer);

/** `struct mount_attr { u64 attr_set, attr_clr, propagation, userns_fd }`. */
export const mountAttr = (attrSet: number, usernsFd = 0): Uint8Array => words(attrSet, 0, 0, usernsFd);

/** `struct open_how { u64 flags, mode, resolve }`. */
export const openHow = (flags: number, resolve: number): Uint8Array => words(flags, 0, resolve);
