/**
 * The command line of a sub-command that describes a sandbox → SandboxConfig.
 *
 * Plugin files add flags, so that reading starts again with each new one: up to the first flag that is not known yet. A word
 * behind that one is never taken for `--plugin`: it may belong to the command, and a plugin is code that would run outside.
 * @module
 */
import { builtinPlugins } from "../../plugins/index.ts";
import { flagTwice, missingCommand } from "../errors/usage.ts";
import { checkFileSection, checkSections } from "../plugin/config.ts";
import type { ConfigFile } from "../plugin/configfile.ts";
import type { Plugin } from "../plugin/define.ts";
import {
  applyFlags,
  createFlagTable,
  type FlagTable,
  flagsOf,
  type ParsedFlags,
  parseFlags,
  refuseUnknown,
} from "../plugin/flags.ts";
import type { Host } from "../plugin/host.ts";
import type { SandboxConfig } from "../sandbox.ts";
import { resolveCommand } from "./command.ts";
import { ALL_CORE_FLAGS, CORE, coreFlagsOf, type Subcommand } from "./core-flags.ts";

/** Flags, read but not applied. */
export interface Arguments {
  readonly plugins: readonly Plugin[];
  readonly file: ConfigFile | undefined;
  readonly parsed: ParsedFlags;
  /** All values of a flag of Bunker's own. */
  values(name: string): readonly string[];
  has(name: string): boolean;
}

/** Reads the flags and loads the plugin files that they name. */
export const readArguments = async (
  subcommand: Subcommand,
  argv: readonly string[],
  host: Host,
): Promise<Arguments> => {
  const loaded = new Map<string, readonly Plugin[]>();
  let file: { readonly name: string; readonly content: ConfigFile } | undefined;
  for (;;) {
    const plugins = [...builtinPlugins, ...[...loaded.values()].flat()];
    const table = tableFor(subcommand, plugins);
    const parsed = parseFlags(argv, table);
    const values = (name: string): readonly string[] => valuesOf(parsed, name);
    const [config, another] = values("config");
    if (another !== undefined) throw flagTwice("--config");
    if (config !== undefined && file?.name !== config) file = { name: config, content: await readFile(config, host) };

    const missing = [...(file?.content.plugins ?? []), ...values("plugin")].find((name) => !loaded.has(name));
    if (missing !== undefined) {
      loaded.set(missing, await load(missing, host));
      continue;
    }
    const has = (name: string): boolean => values(name).length > 0;
    if (parsed.unknown !== undefined && !has("help")) refuseUnknown(parsed.unknown, table, `bunker ${subcommand}`);
    return { plugins, file: file?.content, parsed, values, has };
  }
};

/** Config file, flags on top of it, and the command with the script rule applied. @throws BunkerError where no command is given */
export const toSandboxConfig = async (subcommand: Subcommand, read: Arguments, host: Host): Promise<SandboxConfig> => {
  const { plugins, file, parsed } = read;
  const fromFile = file?.sections ?? {};
  checkSections(fromFile, plugins);
  for (const plugin of plugins) {
    if (plugin.name in fromFile) await checkFileSection(plugin, fromFile[plugin.name]);
  }
  const sections = applyFlags(parsed.given, plugins, fromFile, host.cwd);
  const words = parsed.rest.length > 0 ? parsed.rest : (file?.command ?? []);
  if (words.length === 0) throw missingCommand(subcommand);
  const command = resolveCommand(words, sections, host);
  return { sections: command.sections, command: command.argv, plugins };
};

// --- internal ---

/** Sub-commands that describe no sandbox have Bunker's own flags only. */
const tableFor = (subcommand: Subcommand, plugins: readonly Plugin[]): FlagTable => {
  const ofPlugins = flagsOf(plugins);
  // Of the built-in ones a test knows that they are free; a plugin must not work with `run` and fail with `compile`.
  if (plugins.length > builtinPlugins.length) createFlagTable([...ALL_CORE_FLAGS, ...ofPlugins]);
  const withPlugins = subcommand !== "plugins" && subcommand !== "schema";
  return createFlagTable([...coreFlagsOf(subcommand), ...(withPlugins ? ofPlugins : [])]);
};

const valuesOf = (parsed: ParsedFlags, name: string): readonly string[] =>
  parsed.given.filter(({ spec }) => spec.owner === CORE && spec.name === name).map(({ value }) => value);

/** Most runs have no config file and no plugin file: the code for them stays unread. */
const readFile = async (name: string, host: Host): Promise<ConfigFile> =>
  (await import("../plugin/configfile.ts")).readConfigFile(name, host.cwd);

const load = async (name: string, host: Host): Promise<readonly Plugin[]> =>
  (await import("../plugin/loader.ts")).loadPlugins(name, host.cwd);
