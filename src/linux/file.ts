/**
 * Constants of the calls on files and descriptors.
 *
 * Sources: include/uapi/asm-generic/fcntl.h, arch/arm64/include/uapi/asm/fcntl.h, include/uapi/linux/fcntl.h, openat2(2),
 * open_tree(2), ioctl_tty(2).
 * @module
 */
export const AT_FDCWD = -100;
export const AT_EMPTY_PATH = 0x1000;
export const AT_RECURSIVE = 0x8000;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_SYMLINK_FOLLOW = 0x400;

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

/** The bits that differ between architectures: nothing in a program may use them, since it is made for either. */
export const OPEN_BITS = {
  x64: { O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 },
  arm64: { O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000 },
} as const;

/** `__O_TMPFILE`, which goes with O_DIRECTORY. */
export const O_TMPFILE_BIT = 0o20000000;

/** The type bits of a mode, inode(7). */
export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;
export const S_IFBLK = 0o060000;
export const S_IFIFO = 0o010000;
export const S_IFSOCK = 0o140000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
/** Everybody may read it. */
export const S_IROTH = 0o004;

export const OPEN_TREE_CLONE = 1;

/** Answers for terminals alone: how isatty(3) asks. */
export const TCGETS = 0x5401;
/** The rest of ioctl_tty(2), include/uapi/asm-generic/ioctls.h: the same on x86-64 and arm64. */
export const TCSETS = 0x5402;
export const TIOCSCTTY = 0x540e;
export const TIOCGPGRP = 0x540f;
export const TIOCSPGRP = 0x5410;
export const TIOCGWINSZ = 0x5413;
export const TIOCSWINSZ = 0x5414;
export const TIOCSPTLCK = 0x40045431;
export const TIOCGPTPEER = 0x5441;
