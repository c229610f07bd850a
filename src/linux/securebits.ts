/**
 * Securebits: whether uid 0, and becoming or leaving it, gives or takes capabilities.
 *
 * Source: include/uapi/linux/securebits.h, capabilities(7). Each bit has a lock beside it, which cannot be undone.
 * @module
 */
export const SECUREBITS = {
  /** execve(2) as uid 0 gives nothing. */
  NOROOT: 0x01,
  /** Changing from or to uid 0 takes or gives nothing. */
  NO_SETUID_FIXUP: 0x04,
  /** As NO_SETUID_FIXUP, for the permitted set alone and until the next execve(2). */
  KEEP_CAPS: 0x10,
  NO_CAP_AMBIENT_RAISE: 0x40,
} as const;

export type Securebit = keyof typeof SECUREBITS;

export const lockOf = (bit: Securebit): number => SECUREBITS[bit] << 1;
