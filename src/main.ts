/**
 * The entry point of the binary, behind the front (launcher/front/program.ts): what comes here was not kept.
 *
 * What starts a sandbox is imported by and by, since a start is measured in milliseconds: first what plans and compiles one, and
 * citty, with its 2 ms, for everything that is not `run`.
 * @module
 */
const start = async (argv: readonly string[]): Promise<number> => {
  if (argv[0] === "run") return (await import("./cli/run.ts")).run(argv.slice(1));
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
