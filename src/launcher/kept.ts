/**
 * The file of a kept sandbox, as launch/kept-file.ts writes it and the front reads it: a header and a table of checks, all words of
 * 64 bits in little-endian order, then what they point to. Offsets count from the first byte of the file.
 * @module
 */

/** "bunker" and a version: another layout is another number. */
export const KEPT_MAGIC = 0x02_72656b6e7562n;

/** A larger sandbox is not kept. */
export const KEPT_BYTES_MAX = 128 * 1024;

/** Offsets of the header's words. */
export const KEPT = {
  magic: 0,
  sizeBytes: 8,
  /** Offset of the first check. */
  checks: 16,
  /** CLONE_NEW* bits. */
  namespaces: 24,
  /** 1: capabilities must be made ambient (launcher/entry.ts). */
  ambient: 32,
  /** 1: the launcher gets ids of its own, and maps to them from outside. */
  ownIds: 40,
  uid: 48,
  gid: 56,
  /** 1: the launcher waits for its release. */
  waits: 64,
  /** 1: init reports when the payload runs; otherwise the end of the status pipe says so. */
  init: 72,
  /** Offset of a table of offsets, one for each path. */
  sources: 80,
  sourceCount: 88,
  image: 96,
  imageBytes: 104,
  /** One of `TERMINAL_MODES` (layout.ts). */
  terminal: 112,
  /** 0: the payload gets the caller's own streams. */
  relays: 120,
  /** What the launcher's oom_score_adj is raised to from outside; 0: it is not. */
  oomScore: 128,
} as const;

export const KEPT_HEADER_BYTES = 136;

/** A kind and five arguments. */
export const CHECK_BYTES = 48;

/** In the place of a length or a mode: there is nothing at that path, or no such variable. */
export const MISSING = 0xffff_ffff;

/** What must still be as it was, by kind. `path`, `name` and `at` are offsets; paths and names end with a NUL. */
export const CHECKS = {
  end: 0,
  /** at, bytes: the arguments behind the name of the program, each with its NUL. */
  words: 1,
  /** at, bytes: the current directory, with its NUL. */
  cwd: 2,
  /** uid, gid: the effective ones. */
  ids: 3,
  /** 1 where standard input is a terminal. */
  terminal: 4,
  /** soft, hard: RLIMIT_NOFILE. */
  nofile: 5,
  /** path, flags of statx(2), mask, masked mode or {@link MISSING}. */
  mode: 6,
  /** path, 1 where it may be executed or searched: access(2). */
  executable: 7,
  /** path, at, bytes or {@link MISSING}: where a symbolic link points to. */
  link: 8,
  /** path, at, bytes or {@link MISSING}: the path without links. */
  real: 9,
  /** path, at, bytes, 1 where nothing comes behind them: the contents of a regular file. */
  text: 10,
  /** name, bytes of the name, at, bytes or {@link MISSING}: a variable of the environment. */
  environment: 11,
  /** mask: capabilities below 32 that must be effective. */
  capabilities: 12,
  /** path, at: {@link IDENTITY_BYTES} that tell one version of a file from another. */
  identity: 13,
} as const;

/** Of `struct statx`: inode and size, then the time of change with its nanoseconds. */
export const IDENTITY_PARTS = [
  { offset: 32, bytes: 16 },
  { offset: 112, bytes: 12 },
] as const;
export const IDENTITY_BYTES = 28;

/** More paths that are copied from the host are not kept. */
export const SOURCES_MAX = 256;

/** Longest text that is compared. */
export const TEXT_BYTES_MAX = 32 * 1024;

/** Names files: not a secret, and not against an adversary, who would have to be the caller. The words decide. */
export const HASH_START = 5381n;
export const HASH_SHIFT = 5;
export const KEPT_SUFFIX = ".sandbox";
