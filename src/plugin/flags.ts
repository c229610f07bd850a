/**
 * Flags on the command line: reading them, and applying them to sections.
 *
 * As Docker has it: `--flag VALUE`, `--flag=VALUE`, `-f VALUE`, `-fVALUE`, `-it` for two switches; `--`, or the first word that is
 * no flag, ends them: what stands behind belongs to the command. Stricter in one place: a value that starts with a dash must be
 * written with `=`, so that a forgotten value never swallows the flag behind it. Nothing is negated or shortened by guess.
 * @module
 */
import { flagDeclaredTwice, flagNameInvalid } from "../errors/plugin.ts";
import { badFlagValue, flagNeedsValue, switchGivenValue, unknownFlag } from "../errors/usage.ts";
import type { Sections } from "./config.ts";
import type { Flag, Plugin } from "./define.ts";

/** A flag and who declares it. */
export interface FlagSpec {
  /** The plugin, or `bunker`. */
  readonly owner: string;
  /** Without dashes. */
  readonly name: string;
  readonly short?: string | undefined;
  /** What the value is called; a switch has none. */
  readonly value?: string | undefined;
  readonly summary: string;
}

/** By all they may be written as: `--volume`, `-v`. */
export type FlagTable = ReadonlyMap<string, FlagSpec>;

/** A flag as it was given. */
export interface Given {
  readonly spec: FlagSpec;
  /** As the user wrote it: `-v`. */
  readonly shown: string;
  /** `true` for a switch. */
  readonly value: string;
}

export interface ParsedFlags {
  readonly given: readonly Given[];
  /** The command and what follows; everything from the unknown flag on, where there is one. */
  readonly rest: readonly string[];
  /** The first flag that is not in the table: reading stopped there. */
  readonly unknown?: string;
}

const LONG = /^[a-z][a-z0-9-]*$/;
const SHORT = /^[A-Za-z]$/;

/** The flags that the plugins declare. */
export const flagsOf = (plugins: readonly Plugin[]): readonly FlagSpec[] =>
  plugins.flatMap(({ name: owner, flags = {} }) =>
    Object.entries(flags).map(([name, { short, value, summary }]) => ({ owner, name, short, value, summary })),
  );

/** @throws BunkerError when two plugins declare the same flag */
export const createFlagTable = (specs: readonly FlagSpec[]): FlagTable => {
  const table = new Map<string, FlagSpec>();
  for (const spec of specs) {
    if (!LONG.test(spec.name)) throw flagNameInvalid(spec.name, spec.owner);
    if (spec.short !== undefined && !SHORT.test(spec.short)) throw flagNameInvalid(spec.short, spec.owner);
    for (const written of [`--${spec.name}`, ...(spec.short === undefined ? [] : [`-${spec.short}`])]) {
      const other = table.get(written);
      if (other) throw flagDeclaredTwice(written, other.owner, spec.owner);
      table.set(written, spec);
    }
  }
  return table;
};

/** Reads flags up to the command, or up to one that the table does not have. @throws BunkerError for a value too many or too few */
export const parseFlags = (argv: readonly string[], table: FlagTable): ParsedFlags => {
  const given: Given[] = [];
  let index = 0;
  for (let word = argv[index]; word !== undefined; word = argv[++index]) {
    if (word === "--") return { given, rest: argv.slice(index + 1) };
    if (word === "-" || !word.startsWith("-")) break;
    const read = word.startsWith("--")
      ? readLong(word, argv[index + 1], table)
      : readCluster(word, argv[index + 1], table);
    given.push(...read.given);
    if (read.unknown !== undefined) return { given, rest: argv.slice(index), unknown: read.unknown };
    if (read.tookNext) index++;
  }
  return { given, rest: argv.slice(index) };
};

/** @throws BunkerError with the flag that was probably meant */
export const refuseUnknown = (unknown: string, table: FlagTable, command: string): never => {
  const long = [...table.keys()].filter((written) => written.startsWith("--"));
  throw unknownFlag(unknown, unknown.startsWith("--") ? long : [], command);
};

/** The sections with the flags of plugins applied, in the order in which they were given. */
export const applyFlags = (
  given: readonly Given[],
  plugins: readonly Plugin[],
  sections: Sections,
  cwd: string,
): Sections => {
  const result: Record<string, unknown> = { ...sections };
  for (const { spec, shown, value } of given) {
    const flag = plugins.find(({ name }) => name === spec.owner)?.flags?.[spec.name] as Flag<unknown> | undefined;
    const refuse = (bad: string, allowed: string): never => {
      throw badFlagValue(shown, bad, allowed);
    };
    if (flag) result[spec.owner] = flag.apply(result[spec.owner] ?? {}, value, { flag: shown, cwd, refuse });
  }
  return result;
};

// --- internal ---

interface Read {
  readonly given: readonly Given[];
  readonly tookNext: boolean;
  readonly unknown?: string;
}

const readLong = (word: string, next: string | undefined, table: FlagTable): Read => {
  const equals = word.indexOf("=");
  const shown = equals === -1 ? word : word.slice(0, equals);
  const spec = table.get(shown);
  if (spec === undefined) return { given: [], tookNext: false, unknown: shown };
  if (equals !== -1) return { given: [withValue(spec, shown, word.slice(equals + 1), table)], tookNext: false };
  return withNext(spec, shown, next);
};

/** `-v/a:/b`, `-v=/a:/b`, `-it`, `-itv /a:/b`: switches until a flag that takes a value, which takes the rest or the next word. */
const readCluster = (word: string, next: string | undefined, table: FlagTable): Read => {
  const given: Given[] = [];
  for (let at = 1; at < word.length; at++) {
    const shown = `-${word[at]}`;
    const spec = table.get(shown);
    // Nothing of a word with an unknown letter counts: the word is read again with a larger table.
    if (spec === undefined) return { given: [], tookNext: false, unknown: shown };
    const attached = word.slice(at + 1);
    if (attached.startsWith("="))
      return { given: [...given, withValue(spec, shown, attached.slice(1), table)], tookNext: false };
    if (spec.value === undefined) given.push({ spec, shown, value: "true" });
    else if (attached !== "") return { given: [...given, { spec, shown, value: attached }], tookNext: false };
    else {
      const last = withNext(spec, shown, next);
      return { ...last, given: [...given, ...last.given] };
    }
  }
  return { given, tookNext: false };
};

const withNext = (spec: FlagSpec, shown: string, next: string | undefined): Read => {
  if (spec.value === undefined) return { given: [{ spec, shown, value: "true" }], tookNext: false };
  if (next === undefined) throw flagNeedsValue(shown, spec.value);
  if (looksLikeFlag(next)) throw flagNeedsValue(shown, spec.value, next);
  return { given: [{ spec, shown, value: next }], tookNext: true };
};

/** A negative number is a value. */
const looksLikeFlag = (word: string): boolean => /^-[^\d]/.test(word);

const withValue = (spec: FlagSpec, shown: string, value: string, table: FlagTable): Given => {
  if (spec.value !== undefined || value === "true") return { spec, shown, value };
  const opposite = `--no-${spec.name}`;
  throw switchGivenValue(shown, value, table.has(opposite) ? opposite : undefined);
};
