/**
 * Help of the sub-commands, on standard output.
 * @module
 */
import { flagsOf } from "../plugin/flags.ts";
import type { Arguments } from "./arguments.ts";
import { CORE, coreFlagsOf, type Subcommand } from "./core-flags.ts";
import { flagSections, type HelpPage, renderHelp } from "./help.ts";
import { SUBCOMMANDS } from "./subcommands.ts";
import { coloursOn, textColumns } from "./terminal.ts";

const USAGE: Readonly<Record<Subcommand, readonly string[]>> = {
  run: ["bunker run [FLAGS] [--] COMMAND [ARGUMENTS]", "bunker run [FLAGS] SCRIPT [ARGUMENTS]"],
  compile: ["bunker compile -o FILE [FLAGS] [--] COMMAND [ARGUMENTS]"],
  explain: ["bunker explain [--syscalls] [--json] [FLAGS] [--] COMMAND [ARGUMENTS]"],
  plugins: ["bunker plugins [--json]"],
  schema: ["bunker schema"],
  seccomp: ["bunker seccomp show|compile|disassemble|simulate|diff"],
};

const DESCRIBES_SANDBOX: readonly Subcommand[] = ["run", "compile", "explain"];

const pageOf = (subcommand: Subcommand, { plugins }: Arguments): HelpPage => {
  const summaries = new Map(plugins.map(({ name, summary }) => [name, summary]));
  const describes = DESCRIBES_SANDBOX.includes(subcommand);
  return {
    summary: SUBCOMMANDS[subcommand].summary,
    usage: USAGE[subcommand],
    sections: flagSections(
      [...coreFlagsOf(subcommand), ...(describes ? flagsOf(plugins) : [])],
      summaries.set(CORE, ""),
    ).map(({ summary, ...section }) => (summary ? { ...section, summary } : section)),
    ...(describes
      ? { closing: "Flags end at the first word that is none: what stands behind belongs to the command." }
      : {}),
  };
};

export const showPage = (page: HelpPage): void =>
  console.log(renderHelp(page, { colour: coloursOn(1), columns: textColumns() }));

export const showHelp = (subcommand: Subcommand, read: Arguments): void => showPage(pageOf(subcommand, read));

/** `bunker --help`. */
export const showMainHelp = (): void => {
  const page: HelpPage = {
    summary: "Bunker runs programs in sandboxes of their own.",
    usage: ["bunker COMMAND [FLAGS]", "bunker run ls -l /", "bunker run script.ts"],
    sections: [
      { title: "Commands", rows: Object.entries(SUBCOMMANDS).map(([name, { summary }]) => [name, summary]) },
      {
        title: "Flags",
        rows: [
          ["-h, --help", "Show this help, or that of a command: bunker run --help"],
          ["    --version", "Show the version"],
        ],
      },
    ],
    closing:
      "Exit status: the program's; 125 Bunker failed, 126 not executable, 127 not found, 128+n ended by signal n.",
  };
  showPage(page);
};
