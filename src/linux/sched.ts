/**
 * Scheduling policies, and bits of clone(2) that are no namespace's.
 *
 * Source: include/uapi/linux/sched.h, sched(7), personality(2).
 * @module
 */
export const SCHED = { OTHER: 0, BATCH: 3, IDLE: 5 } as const;
export const SCHED_RESET_ON_FORK = 0x4000_0000;

/** `personality(0xffffffff)` changes nothing and tells what there is. */
export const PERSONALITY = { PER_LINUX: 0, QUERY: 0xffff_ffff } as const;
