/**
 * What the supervisor and the generated programs agree on: descriptors and the records of the status pipe.
 * @module
 */

/** Descriptors of an image that was started by a supervisor. The sources of bind mounts follow from `firstSource`. */
export const FDS = {
  /** Writing end of the status pipe. */
  status: 3,
  /** Reading end of the lifeline: one byte releases the launcher, end of file means that the supervisor is gone. */
  lifeline: 4,
  /** A socket on which a launcher sends out the master of the terminal that it has made, and waits for a byte. */
  terminal: 5,
  /** Where init holds the lock of a range of ids, that is here, and the sources start one further on. */
  firstSource: 6,
} as const;

/** Who has a terminal: nobody of its own, what is a terminal outside has one inside, or the outputs always. */
export const TERMINAL_MODES = { none: 0, auto: 1, always: 2 } as const;

/**
 * A status record: `u32 kind, u32 first, u32 second, u32 0`, then a `struct rusage` of 144 bytes (getrusage(2)).
 * Smaller than PIPE_BUF, so that it is written and read in one piece.
 */
export const RECORD = { sizeBytes: 160, rusageOffsetBytes: 16 } as const;

export const RECORD_KINDS = {
  /** first: index of the operation, second: errno. */
  failed: 1,
  /** The payload has been executed. */
  started: 2,
  /** first: wait status of the payload; usage of it and all it waited for. */
  exited: 3,
  /** first: the signal that stopped the payload. */
  stopped: 4,
  /** The launcher's files in /proc are the caller's: its maps can be written. Only where a helper does it, and then the first of all. */
  ready: 5,
} as const;
