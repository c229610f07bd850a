/**
 * The entry point of the binary.
 *
 * What starts a sandbox is imported by and by, since a start is measured in milliseconds: first what starts one that was compiled
 * before (launch/recall.ts), then what plans and compiles one, and citty, with its 2 ms, for everything that is not `run`.
 * @module
 */
import { runPrepared } from "./launch/foreground.ts";
import { recall } from "./launch/recall.ts";

/** A kept sandbox that cannot be started is planned anew: that either works, or ends in an error that explains itself. */
const runKept = (argv: readonly string[]): void => {
  let started = false;
  try {
    const prepared = recall(argv);
    if (prepared) {
      runPrepared(prepared, () => {
        started = true;
      });
    }
  } catch (error) {
    // A payload that runs is not run again.
    if (started) throw error;
  }
};

const start = async (argv: readonly string[]): Promise<number> => {
  if (argv[0] === "run") {
    runKept(argv.slice(1));
    return (await import("./cli/run.ts")).run(argv.slice(1));
  }
  await (await import("./cli/index.ts")).main(argv);
  return Number(process.exitCode ?? 0);
};

const fail = async (error: unknown): Promise<number> => {
  const [{ coloursOn }, { exitStatus, renderError }, { log }] = await Promise.all([
    import("./cli/terminal.ts"),
    import("./errors.ts"),
    import("./log.ts"),
  ]);
  log.error(renderError(error, { colour: coloursOn(2) }));
  return exitStatus(error);
};

process.exit(await start(process.argv.slice(2)).catch(fail));
