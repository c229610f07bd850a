/**
 * The sub-commands, each behind an import of its own: what is not used is not read.
 * @module
 */
import type { CommandDef } from "citty";
import type { Subcommand } from "./core-flags.ts";

export interface SubcommandEntry {
  readonly summary: string;
  readonly load: () => Promise<CommandDef>;
}

export const SUBCOMMANDS: Readonly<Record<Subcommand, SubcommandEntry>> = {
  run: {
    summary: "Run a command or a script in a sandbox",
    load: async () => (await import("./run-command.ts")).runCommand,
  },
  compile: {
    summary: "Write a sandbox as an executable that needs nothing else",
    load: async () => (await import("./compile.ts")).compileCommand,
  },
  explain: {
    summary: "Show what a sandbox will be, without starting it",
    load: async () => (await import("./explain.ts")).explainCommand,
  },
  plugins: {
    summary: "List the plugins, their order, hooks and flags",
    load: async () => (await import("./plugins.ts")).pluginsCommand,
  },
  schema: {
    summary: "Print the JSON schema of the config file",
    load: async () => (await import("./schema.ts")).schemaCommand,
  },
  seccomp: {
    summary: "Show, compile, disassemble, simulate and compare seccomp profiles",
    load: async () => (await import("./seccomp/index.ts")).seccompCommand,
  },
};
