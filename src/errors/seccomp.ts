/**
 * Errors of seccomp profiles and filters.
 * @module
 */
import { BunkerError } from "../errors.ts";
import { oneOf, printable, quoted, suggestion } from "./text.ts";

/** Refused before the kernel would: it takes 4096 instructions at most. */
export const tooManyTests = (): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_TOO_LARGE",
    message: "the rules of one system call have too many conditions for a filter",
    hint: "a filter has room for 4096 instructions: use fewer rules with arguments",
  });

export const filterTooLarge = (instructions: number, max: number): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_TOO_LARGE",
    message: `the filter would have ${instructions} instructions, the kernel takes ${max}`,
    hint: "use fewer rules with arguments",
    details: { instructions, max },
  });

const SHOWN_CHARACTERS_MAX = 80;

const shown = (value: unknown): string => {
  if (typeof value === "string") return quoted(value);
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "nothing");
  return printable(text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX - 1)}…`);
};

const ABOUT_FORMAT = "a profile is JSON as Docker and the OCI runtime specification have it";

export const profileUnreadable = (file: string, reason: string, known: readonly string[]): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_FILE",
    message: `seccomp profile ${quoted(file)}: ${printable(reason)}`,
    hint: suggestion(file, known, `--seccomp takes ${oneOf([...known, "a JSON file of at most 1 MiB"])}`),
    details: { file, reason },
  });

export const profileNotJson = (file: string, reason: string): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_SYNTAX",
    message: `seccomp profile ${quoted(file)} is not JSON: ${printable(reason)}`,
    hint: ABOUT_FORMAT,
    details: { file, reason },
  });

/** `path`: `syscalls[3].args[0].op`. */
export const profileField = (file: string, path: string, value: unknown, allowed: string): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_PROFILE",
    message: `seccomp profile ${quoted(file)}: ${printable(path)}: ${
      value === undefined ? "no value" : `value ${shown(value)}`
    }; allowed: ${allowed}`,
    hint: ABOUT_FORMAT,
    details: { file, path, value: typeof value === "bigint" ? String(value) : value, allowed },
  });

export const profileKey = (file: string, path: string, key: string, known: readonly string[]): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_KEY",
    message: `seccomp profile ${quoted(file)}: unknown key ${printable(path)}`,
    hint: suggestion(key, known, `known: ${oneOf(known)}`),
    details: { file, path, known },
  });

/** What the launcher does after the filter is there. */
export const profileDeniesLaunch = (profile: string, call: string): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_LAUNCH",
    message: `seccomp profile ${quoted(profile)} never allows ${call}, which is needed to start the command`,
    hint: `allow ${call} in it`,
    details: { profile, call },
  });

/** Somebody would have to answer, for as long as the sandbox lives. */
export const profileNeedsListener = (profile: string, what: string): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_LISTENER",
    message: `seccomp profile ${quoted(profile)} has ${what}, and nobody here answers notifications`,
    hint: "use another action; bunker seccomp compile makes a filter of it for a program that has a listener",
    details: { profile, what },
  });
