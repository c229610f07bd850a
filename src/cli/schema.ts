/**
 * `bunker schema`: the JSON schema of the config file, with the sections of all active plugins.
 * @module
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { defineCommand } from "citty";
import type { GenericSchema } from "valibot";
import { unexpectedArgument } from "../errors/usage.ts";
import { createHost } from "../launch/host.ts";
import type { Plugin } from "../plugin/define.ts";
import { readArguments } from "./arguments.ts";

/** A schema of another library has no description that could be turned: anything is allowed here, and checked at the run. */
const sectionSchema = ({ config, summary }: Plugin): Record<string, unknown> => {
  if (config === undefined) return { type: "object", description: summary, additionalProperties: false };
  if (config["~standard"].vendor !== "valibot") return { type: "object", description: summary };
  const { $schema: _, ...schema } = toJsonSchema(config as unknown as GenericSchema, { errorMode: "ignore" });
  return { description: summary, ...schema };
};

const STRINGS = { type: "array", items: { type: "string" } };

/** The whole file. */
export const configSchema = (plugins: readonly Plugin[]): Record<string, unknown> => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Bunker config file",
  type: "object",
  additionalProperties: false,
  properties: {
    $schema: { type: "string" },
    command: { ...STRINGS, description: "The command, where the command line names none" },
    plugins: { ...STRINGS, description: "Plugin files, from the directory of this file" },
    ...Object.fromEntries(plugins.map((plugin) => [plugin.name, sectionSchema(plugin)])),
  },
});

export const schemaCommand = defineCommand({
  meta: { name: "schema" },
  async run({ rawArgs }) {
    const read = await readArguments("schema", rawArgs, createHost());
    if (read.has("help")) return (await import("./show-help.ts")).showHelp("schema", read);
    const [argument] = read.parsed.rest;
    if (argument !== undefined) throw unexpectedArgument("schema", argument);
    console.log(JSON.stringify(configSchema(read.plugins), undefined, 2));
  },
});
