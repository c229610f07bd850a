/**
 * The entry point of the binary.
 *
 * `run` is told apart before citty is loaded: citty, with the node:util that it brings, is 2.1 ms of a start of 6, and a sandbox
 * takes 2. Everything else has the command tree.
 * @module
 */
import { run } from "./cli/run.ts";
import { exitStatus, renderError } from "./errors.ts";

const start = async (argv: readonly string[]): Promise<number> => {
  if (argv[0] === "run") return run(argv.slice(1));
  await (await import("./cli/index.ts")).main(argv);
  return Number(process.exitCode ?? 0);
};

const fail = async (error: unknown): Promise<number> => {
  const { coloursOn } = await import("./cli/terminal.ts");
  console.error(renderError(error, { colour: coloursOn(2) }));
  return exitStatus(error);
};

process.exit(await start(process.argv.slice(2)).catch(fail));
