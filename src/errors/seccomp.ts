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
  // Numbers that a double cannot hold are bigints here, which JSON has no words for.
  const plain = (_key: string, inner: unknown): unknown => (typeof inner === "bigint" ? String(inner) : inner);
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value, plain) ?? "nothing");
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
    details: { file, path, value: shown(value), allowed },
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

// --- of `bunker seccomp` ---

export const filterIsNone = (): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_NONE",
    message: "none is no profile to show or to compile: it means that there is no filter",
    hint: "profiles are default, strict, and files",
  });

export const filterToTerminal = (): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_TERMINAL",
    message: "a filter is no text for a terminal",
    hint: "write it to a file with -o FILE, or redirect standard output",
  });

export const filterMissing = (): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_FILTER_MISSING",
    message: "no file to disassemble",
    hint: "bunker seccomp disassemble FILE; - is standard input",
  });

export const filterUnreadable = (file: string, reason: string): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_FILTER",
    message: `filter ${quoted(file)} cannot be read: ${printable(reason)}`,
    details: { file, reason },
  });

export const filterNotWhole = (file: string, bytes: number, unit: number): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_FILTER",
    message: `filter ${quoted(file)} has ${bytes} bytes; allowed: a multiple of ${unit}, an instruction each`,
    hint: "a raw filter is an array of struct sock_filter, as bunker seccomp compile and seccomp_export_bpf(3) write it",
    details: { file, bytes },
  });

export const simulateMissing = (): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_CALL_MISSING",
    message: "no system call to ask about",
    hint: "bunker seccomp simulate [PROFILE] SYSCALL [ARGUMENT…], for example: bunker seccomp simulate socket AF_VSOCK SOCK_STREAM 0",
  });

export const tooManyArguments = (call: string, max: number): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_ARGUMENTS",
    message: `${printable(call)} is given more than ${max} arguments, which no system call has`,
    details: { call, max },
  });

/** `elsewhere`: another architecture has it. */
export const syscallUnknown = (call: string, arch: string, elsewhere: boolean, known: readonly string[]): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_CALL",
    message: elsewhere ? `${arch} has no system call ${quoted(call)}` : `there is no system call ${quoted(call)}`,
    hint: elsewhere
      ? "another architecture has it: --arch"
      : suggestion(call, known, "a call without a name is asked for by its number"),
    details: { call, arch },
  });

export const argumentInvalid = (text: string, known: readonly string[]): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_ARGUMENT",
    message: `argument ${quoted(text)} is no number of 64 bits, and no name of one`,
    hint: suggestion(text, known, "allowed: 10, 0x1f, 0755, -1, or names as AF_UNIX and CLONE_NEWUSER|SIGCHLD"),
    details: { text },
  });

export const diffMissing = (): BunkerError =>
  new BunkerError({
    code: "E_SECCOMP_PROFILE_MISSING",
    message: "two profiles are needed to compare",
    hint: "bunker seccomp diff PROFILE PROFILE, for example: bunker seccomp diff default strict",
  });
