/**
 * What Bunker says on standard error.
 *
 * consola's core with a reporter of our own: the default reporters, and any use of `process.stderr`, cost more at start-up than
 * everything else together. The sentences come complete from errors.ts; nothing is put in front of them.
 * @module
 */
import { createConsola } from "consola/core";

/** consola's number: 1 has errors and warnings only, 3 what is usual. */
const LEVEL_USUAL = 3;

export const log = createConsola({
  level: LEVEL_USUAL,
  throttle: 0,
  reporters: [{ log: ({ args }) => console.error(...args) }],
});
