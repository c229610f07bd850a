/**
 * `bunker seccomp VERB`: profiles and filters, without a sandbox.
 * @module
 */
import { defineCommand } from "citty";
import { unknownFlag, unknownSubcommand } from "../../errors/usage.ts";
import { readWords, type SeccompFlag, type Words } from "./words.ts";

export interface Verb {
  readonly summary: string;
  readonly usage: string;
  readonly flags: readonly SeccompFlag[];
  /** An exit status, where it is not 0. */
  readonly run: (words: Words) => Promise<number | undefined>;
}

const ABOUT_PROFILE: readonly SeccompFlag[] = ["arch", "cap-add"];

export const VERBS: Readonly<Record<string, Verb>> = {
  show: {
    summary: "Print a profile: every call, and what becomes of it",
    usage: "show [PROFILE]",
    flags: [...ABOUT_PROFILE, "log", "json", "help"],
    run: async (words) => void (await import("./show.ts")).show(words),
  },
  compile: {
    summary: "Write a profile as raw BPF, which bubblewrap's --seccomp takes",
    usage: "compile [PROFILE] [-o FILE]",
    flags: ["output", ...ABOUT_PROFILE, "log", "help"],
    run: async (words) => void (await (await import("./compile.ts")).compile(words)),
  },
  disassemble: {
    summary: "Print any raw filter readably",
    usage: "disassemble FILE",
    flags: ["json", "help"],
    run: async (words) => void (await (await import("./disassemble.ts")).disassemble(words)),
  },
  simulate: {
    summary: "Say what a system call with these arguments gets, and why",
    usage: "simulate [PROFILE] SYSCALL [ARGUMENT…]",
    flags: [...ABOUT_PROFILE, "log", "json", "help"],
    run: async (words) => void (await import("./simulate.ts")).simulate(words),
  },
  diff: {
    summary: "Compare two profiles; exit status 1 where they differ",
    usage: "diff PROFILE PROFILE",
    flags: [...ABOUT_PROFILE, "json", "help"],
    run: async (words) => (await import("./diff.ts")).diff(words),
  },
};

export const seccompCommand = defineCommand({
  meta: { name: "seccomp" },
  async run({ rawArgs }) {
    const [verb = "--help", ...rest] = rawArgs;
    const { showSeccompHelp } = await import("./help.ts");
    if (["--help", "-h", "help"].includes(verb)) return showSeccompHelp(VERBS);
    if (verb.startsWith("-")) throw unknownFlag(verb, ["--help"], "bunker seccomp");
    const found = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (found === undefined)
      throw unknownSubcommand(
        `seccomp ${verb}`,
        Object.keys(VERBS).map((one) => `seccomp ${one}`),
      );
    const words = readWords(verb, rest, found.flags);
    if (words.has("help")) return showSeccompHelp({ [verb]: found });
    process.exitCode = (await found.run(words)) ?? 0;
  },
});
