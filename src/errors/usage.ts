/**
 * Errors of the command line.
 * @module
 */
import { BunkerError } from "../errors.ts";
import { printable, quoted, suggestion } from "./text.ts";

/** `command`: whose help lists the flags. */
export const unknownFlag = (flag: string, known: readonly string[], command = "bunker"): BunkerError =>
  new BunkerError({
    code: "E_UNKNOWN_FLAG",
    message: `unknown flag ${printable(flag)}`,
    hint: suggestion(flag, known, `${command} --help lists all there are`),
    details: { flag },
  });

export const flagNeedsValue = (flag: string, value: string, next?: string): BunkerError =>
  new BunkerError({
    code: "E_FLAG_VALUE_MISSING",
    message: `${flag} needs a value: ${flag} ${value}`,
    hint: next === undefined ? undefined : `if ${quoted(next)} is the value, write ${flag}=${printable(next)}`,
    details: { flag },
  });

export const badFlagValue = (flag: string, value: string, allowed: string): BunkerError =>
  new BunkerError({
    code: "E_FLAG_VALUE",
    message: `${flag}: ${quoted(value)} is not allowed`,
    hint: `allowed: ${allowed}`,
    details: { flag, value, allowed },
  });

export const switchGivenValue = (flag: string, value: string, opposite?: string): BunkerError =>
  new BunkerError({
    code: "E_SWITCH_VALUE",
    message: `${flag} is a switch and takes no value, but was given ${quoted(value)}`,
    hint: opposite === undefined ? `leave ${flag} out to turn it off` : `to turn it off: ${opposite}`,
    details: { flag, value },
  });

export const flagTwice = (flag: string): BunkerError =>
  new BunkerError({ code: "E_FLAG_REPEATED", message: `${flag} is given more than once`, details: { flag } });

/** `--diff` has nothing to compare. */
export const nothingOverlaid = (): BunkerError =>
  new BunkerError({
    code: "E_DIFF",
    message: "--diff shows what changed below overlays, and there is none",
    hint: "add one: --overlay SRC:DST",
  });

/** A flag that changes what another one prints. */
export const flagNeedsFlag = (flag: string, needed: string): BunkerError =>
  new BunkerError({
    code: "E_FLAG_ALONE",
    message: `${flag} is for what ${needed} prints, which is not given`,
    hint: `add ${needed}, or leave ${flag} out`,
    details: { flag, needed },
  });

export const missingCommand = (subcommand: string): BunkerError =>
  new BunkerError({
    code: "E_COMMAND_MISSING",
    message: "no command to run",
    hint: `bunker ${subcommand} [FLAGS] [--] COMMAND [ARGUMENTS], for example: bunker ${subcommand} -- ls -l /`,
  });

export const unknownSubcommand = (name: string, known: readonly string[]): BunkerError =>
  new BunkerError({
    code: "E_UNKNOWN_SUBCOMMAND",
    message: `unknown command ${quoted(name)}`,
    hint: suggestion(name, known, `to run it in a sandbox: bunker run ${printable(name)}`),
    details: { name, known },
  });

export const unexpectedArgument = (subcommand: string, argument: string): BunkerError =>
  new BunkerError({
    code: "E_ARGUMENT",
    message: `bunker ${subcommand} takes no argument, but was given ${quoted(argument)}`,
    details: { argument },
  });

export const outputMissing = (): BunkerError =>
  new BunkerError({
    code: "E_OUTPUT_MISSING",
    message: "no file to write to",
    hint: "name it: bunker compile -o FILE [FLAGS] [--] COMMAND",
  });

export const outputNotWritable = (file: string, reason: string): BunkerError =>
  new BunkerError({
    code: "E_OUTPUT",
    message: `cannot write ${quoted(file)}: ${printable(reason)}`,
    hint: "-o names a file, in a directory that exists and that you may write to",
    details: { file, reason },
  });
