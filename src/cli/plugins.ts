/**
 * `bunker plugins`: what is active, in which order, with which hooks and flags.
 * @module
 */
import { defineCommand } from "citty";
import { unexpectedArgument } from "../errors/usage.ts";
import { createHost } from "../launch/host.ts";
import type { Plugin } from "../plugin/define.ts";
import { hooksOf } from "../plugin/driver.ts";
import { flagsOf } from "../plugin/flags.ts";
import { orderPlugins } from "../plugin/registry.ts";
import { readArguments } from "./arguments.ts";

const stagesOf = (plugin: Plugin): readonly string[] => [
  ...(plugin.resolve === undefined ? [] : ["resolve"]),
  ...(plugin.plan === undefined ? [] : ["plan"]),
  ...hooksOf(plugin),
];

const toJson = (plugin: Plugin, index: number): Record<string, unknown> => ({
  order: index + 1,
  name: plugin.name,
  summary: plugin.summary,
  hooks: stagesOf(plugin),
  after: plugin.after ?? [],
  before: plugin.before ?? [],
  flags: flagsOf([plugin]).map(({ owner: _, ...flag }) => flag),
});

const toLines = (plugins: readonly Plugin[]): string => {
  const width = Math.max(...plugins.map(({ name }) => name.length));
  const indent = " ".repeat(width + 6);
  return plugins
    .map((plugin, index) => {
      const flags = flagsOf([plugin]).map(({ name }) => `--${name}`);
      return [
        `${String(index + 1).padStart(2)}  ${plugin.name.padEnd(width)}  ${plugin.summary}`,
        `${indent}hooks ${stagesOf(plugin).join(", ") || "none"}`,
        ...(flags.length === 0 ? [] : [`${indent}flags ${flags.join(" ")}`]),
      ].join("\n");
    })
    .join("\n");
};

export const pluginsCommand = defineCommand({
  meta: { name: "plugins" },
  async run({ rawArgs }) {
    const read = await readArguments("plugins", rawArgs, createHost());
    if (read.has("help")) return (await import("./show-help.ts")).showHelp("plugins", read);
    const [argument] = read.parsed.rest;
    if (argument !== undefined) throw unexpectedArgument("plugins", argument);
    const plugins = orderPlugins(read.plugins);
    console.log(read.has("json") ? JSON.stringify(plugins.map(toJson), undefined, 2) : toLines(plugins));
  },
});
