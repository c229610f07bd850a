/**
 * The words behind `bunker seccomp VERB`: flags stand anywhere, since no command follows.
 * @module
 */
import { flagTwice, unexpectedArgument } from "../../errors/usage.ts";
import { createFlagTable, type FlagSpec, type Given, parseFlags, refuseUnknown } from "../../plugin/flags.ts";
import { CORE } from "../core-flags.ts";

const FLAGS = {
  json: { name: "json", summary: "Print JSON" },
  arch: { name: "arch", value: "x64|arm64", summary: "The architecture; this machine's unless given" },
  "cap-add": { name: "cap-add", value: "NAME|ALL", summary: "As for a payload with this capability" },
  output: { name: "output", short: "o", value: "FILE", summary: "The file to write; standard output unless given" },
  log: { name: "log", summary: "Log calls instead of denying them" },
  help: { name: "help", short: "h", summary: "Show this help" },
} as const satisfies Readonly<Record<string, Omit<FlagSpec, "owner">>>;

export type SeccompFlag = keyof typeof FLAGS;

export const flagSpecs = (names: readonly SeccompFlag[]): readonly FlagSpec[] =>
  names.map((name) => ({ owner: CORE, ...FLAGS[name] }));

export interface Words {
  /** What is no flag. */
  readonly words: readonly string[];
  values(flag: SeccompFlag): readonly string[];
  has(flag: SeccompFlag): boolean;
  /** The value of a flag that may be given once. */
  single(flag: SeccompFlag): string | undefined;
}

const isNegativeNumber = (word: string): boolean => /^-\d/.test(word);

/** @throws BunkerError for a flag that the verb does not have */
export const readWords = (verb: string, argv: readonly string[], flags: readonly SeccompFlag[]): Words => {
  const table = createFlagTable(flagSpecs(flags));
  const end = argv.indexOf("--");
  const words: string[] = [];
  const given: Given[] = [];
  let rest = end === -1 ? argv : argv.slice(0, end);
  for (let [word] = rest; word !== undefined; [word] = rest) {
    if (word === "-" || isNegativeNumber(word) || !word.startsWith("-")) {
      words.push(word);
      rest = rest.slice(1);
      continue;
    }
    // One flag with what may be its value: behind it a negative number may stand, which is no flag.
    const two = rest.slice(0, 2);
    const parsed = parseFlags(two, table);
    if (parsed.given.length === 0) refuseUnknown(parsed.unknown ?? word, table, `bunker seccomp ${verb}`);
    given.push(...parsed.given);
    rest = rest.slice(two.length - parsed.rest.length);
  }
  if (end !== -1) words.push(...argv.slice(end + 1));
  const values = (flag: SeccompFlag): readonly string[] =>
    given.filter(({ spec }) => spec.name === flag).map(({ value }) => value);
  return {
    words,
    values,
    has: (flag) => values(flag).length > 0,
    single(flag) {
      const [value, another] = values(flag);
      if (another !== undefined) throw flagTwice(`--${flag}`);
      return value;
    },
  };
};

/** @throws BunkerError for more words than a verb takes */
export const atMost = (verb: string, { words }: Words, max: number): void => {
  const extra = words[max];
  if (extra !== undefined) throw unexpectedArgument(`seccomp ${verb}`, extra);
};
