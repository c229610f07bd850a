/**
 * What Bunker says of itself on standard error.
 *
 * consola's core with a reporter of our own: the default reporters, and any use of `process.stderr`, cost more at start-up than
 * everything else together.
 * @module
 */
import { createConsola, type LogType } from "consola/core";

const PREFIX: Partial<Record<LogType, string>> = {
  fatal: "error",
  error: "error",
  warn: "warning",
  debug: "debug",
  trace: "trace",
};

/** consola's number: 1 has errors and warnings only, 3 what is usual, 4 what is for developers. */
const LEVEL_USUAL = 3;

export const log = createConsola({
  level: LEVEL_USUAL,
  throttle: 0,
  reporters: [
    {
      log({ type, args }) {
        const prefix = PREFIX[type];
        console.error(prefix === undefined ? "bunker:" : `bunker: ${prefix}:`, ...args);
      },
    },
  ],
});
