/**
 * The command tree, for everything but `run`.
 * @module
 */
import { defineCommand, runCommand } from "citty";
import manifest from "../../package.json" with { type: "json" };
import { unknownFlag, unknownSubcommand } from "../errors/usage.ts";
import { showMainHelp } from "./show-help.ts";
import { SUBCOMMANDS } from "./subcommands.ts";

const mainCommand = defineCommand({
  meta: { name: "bunker", version: manifest.version },
  subCommands: Object.fromEntries(Object.entries(SUBCOMMANDS).map(([name, { load }]) => [name, load])),
});

/** @throws BunkerError for what is not there */
export const main = async (argv: readonly string[]): Promise<void> => {
  const [first = "--help"] = argv;
  if (["--help", "-h", "help"].includes(first)) return showMainHelp();
  if (first === "--version") return console.log(`bunker ${manifest.version}`);
  if (first.startsWith("-")) throw unknownFlag(first, ["--help", "--version"]);
  if (!Object.hasOwn(SUBCOMMANDS, first)) throw unknownSubcommand(first, Object.keys(SUBCOMMANDS));
  await runCommand(mainCommand, { rawArgs: [...argv] });
};
