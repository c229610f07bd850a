/**
 * Flags of Bunker's own, beside those of the plugins.
 * @module
 */
import type { FlagSpec } from "../plugin/flags.ts";

/** The owner of these flags, where a plugin's name stands for its own. */
export const CORE = "bunker";

export type Subcommand = "run" | "compile" | "explain" | "plugins" | "schema" | "seccomp";

interface CoreFlag extends Omit<FlagSpec, "owner"> {
  /** Every sub-command has it, unless some are named. */
  readonly only?: readonly Subcommand[];
}

const FLAGS: readonly CoreFlag[] = [
  { name: "config", value: "FILE", summary: "Read sections from a TOML, YAML, JSON or JSONC file" },
  { name: "plugin", value: "FILE", summary: "Load a plugin from a TypeScript file (trusted: it runs outside)" },
  { name: "output", short: "o", value: "FILE", summary: "The executable to write", only: ["compile"] },
  { name: "syscalls", summary: "List every system call, with who asked for it", only: ["explain"] },
  { name: "diff", summary: "Print afterwards, on standard error, what changed below --overlay", only: ["run"] },
  { name: "json", summary: "Print JSON (run: what --diff prints)", only: ["explain", "plugins", "run"] },
  { name: "timings", summary: "Print how long every stage and hook took", only: ["run", "compile"] },
  { name: "help", short: "h", summary: "Show this help" },
];

const toSpec = ({ name, short, value, summary }: CoreFlag): FlagSpec => ({ owner: CORE, name, short, value, summary });

/** The ones that a sub-command has. */
export const coreFlagsOf = (subcommand: Subcommand): readonly FlagSpec[] =>
  FLAGS.filter(({ only }) => only === undefined || only.includes(subcommand)).map(toSpec);

/** All of them: no plugin may declare one, whichever sub-command runs. */
export const ALL_CORE_FLAGS: readonly FlagSpec[] = FLAGS.map(toSpec);
