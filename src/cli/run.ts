/**
 * `bunker run`: a command or a script in a sandbox, in the foreground.
 *
 * On this path every import counts, so that it has no citty and writes nothing.
 * @module
 */
import { builtinPlugins } from "../../plugins/index.ts";
import { flagNeedsFlag } from "../errors/usage.ts";
import { createHost } from "../launch/host.ts";
import { traceHost } from "../launch/host-trace.ts";
import { log } from "../log.ts";
import type { Plan } from "../plan/plan.ts";
import { printTimings, type Timings } from "../plugin/timings.ts";
import { runForeground } from "../sandbox.ts";
import { type Arguments, readArguments, toSandboxConfig } from "./arguments.ts";

/** The exit status. Does not return where this process becomes the monitor. */
export const run = async (argv: readonly string[]): Promise<number> => {
  const trace = traceHost(createHost());
  const read = await readArguments("run", argv, trace.host);
  if (read.has("help")) {
    (await import("./show-help.ts")).showHelp("run", read);
    return 0;
  }
  const onWritten = await readDiff(read);
  const config = await toSandboxConfig("run", read, trace.host);
  const { remember } = await import("../launch/remember.ts");
  return runForeground(config, {
    host: trace.host,
    ...(read.has("timings") ? { onTimings: showTimings } : {}),
    ...(onWritten ? { onWritten } : {}),
    onKeepable: (prepared) => {
      if (mayKeep(read) && trace.complete()) remember(argv, trace.host, prepared, trace.questions());
    },
  });
};

/** What compares and prints is read before the sandbox starts: afterwards nothing of it may be missing. */
const readDiff = async (read: Arguments) => {
  if (!read.has("diff")) {
    if (read.has("json")) throw flagNeedsFlag("--json", "--diff");
    return undefined;
  }
  const { showChanges } = await import("./show-changes.ts");
  return (overlays: Parameters<typeof showChanges>[0]): void => showChanges(overlays, { json: read.has("json") });
};

/**
 * Values of the environment may be secrets: an image that carries some is not written to a file. Files of a config or of plugins
 * may change without any question to the host.
 */
const mayKeep = (read: Arguments): boolean =>
  read.file === undefined &&
  read.plugins.length === builtinPlugins.length &&
  !read.has("timings") &&
  !read.parsed.given.some(({ spec }) => spec.owner === "env");

const showTimings = ({ records }: Timings, { seccomp }: Plan): void => {
  log.info(printTimings(records));
  if (seccomp !== undefined && seccomp.skipped.length > 0)
    log.info(`seccomp: no calls of this architecture: ${seccomp.skipped.join(", ")}`);
};
