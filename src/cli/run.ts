/**
 * `bunker run`: a command or a script in a sandbox, in the foreground.
 *
 * On this path every import counts, so that it has no citty and writes nothing.
 * @module
 */
import { createHost } from "../launch/host.ts";
import { printTimings, type Timings } from "../plugin/timings.ts";
import { runForeground } from "../sandbox.ts";
import { readArguments, toSandboxConfig } from "./arguments.ts";

/** The exit status. Does not return where this process becomes the monitor. */
export const run = async (argv: readonly string[]): Promise<number> => {
  const host = createHost();
  const read = await readArguments("run", argv, host);
  if (read.has("help")) {
    (await import("./show-help.ts")).showHelp("run", read);
    return 0;
  }
  const config = await toSandboxConfig("run", read, host);
  return runForeground(config, read.has("timings") ? { onTimings: showTimings } : {});
};

const showTimings = ({ records }: Timings): void => console.error(printTimings(records));
