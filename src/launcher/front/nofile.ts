/**
 * RLIMIT_NOFILE as the caller has it. The JavaScript runtime behind the front raises it before any JavaScript runs and does not say
 * what it was: the front leaves it where launch/limits.ts looks for it.
 * @module
 */
import { addressOf, flags, set, slot } from "../../ir/build.ts";
import { call } from "../../ir/calls.ts";
import type { Op } from "../../ir/op.ts";
import { RLIMIT_NOFILE } from "../../linux/process.ts";

/** The first words of the front's writable memory, in this order: a mark that nothing else has there, and a `struct rlimit64`. */
export const nofile = { mark: slot("nofile mark"), soft: slot("nofile soft"), hard: slot("nofile hard") } as const;

export const NOFILE_MARK = 0x656c_6966_6f6e_4242n;

/** Address of the front's writable memory. A test compares it with what codegen gives a front. */
export const FRONT_MEMORY = 0x6000_0000;

export const noteNofile = (): readonly Op[] => [
  call("prlimit64", [0, flags({ RLIMIT_NOFILE }), 0, addressOf(nofile.soft)]),
  set(nofile.mark, NOFILE_MARK),
];
