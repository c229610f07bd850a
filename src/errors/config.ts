/**
 * Errors of config files and of plugins' sections.
 * @module
 */
import { BunkerError } from "../errors.ts";
import { oneOf, printable, quoted, suggestion } from "./text.ts";

/** `reason`: `no such file`, `is a directory`. */
export const configUnreadable = (file: string, reason: string): BunkerError =>
  new BunkerError({
    code: "E_CONFIG_FILE",
    message: `config file ${quoted(file)}: ${printable(reason)}`,
    hint: "--config names a regular file that ends in .toml, .yaml, .yml, .json or .jsonc",
    details: { file, reason },
  });

export const configUnparsable = (file: string, format: string, reason: string): BunkerError =>
  new BunkerError({
    code: "E_CONFIG_SYNTAX",
    message: `config file ${quoted(file)} is not ${format}: ${printable(reason)}`,
    details: { file, format, reason },
  });

/** A key that no plugin knows, at the top of a file. */
export const unknownSection = (section: string, known: readonly string[]): BunkerError =>
  new BunkerError({
    code: "E_CONFIG_SECTION",
    message: `config: unknown section ${quoted(section)}`,
    hint: suggestion(section, known, `known: ${oneOf(known)}`),
    details: { section, known },
  });

/** `path`: `rootfs.volumes.0`. */
export const unknownKey = (path: string, known: readonly string[]): BunkerError =>
  new BunkerError({
    code: "E_CONFIG_KEY",
    message: `config: unknown key ${printable(path)}`,
    hint: suggestion(lastPart(path), known, known.length === 0 ? "this section has no keys" : `known: ${oneOf(known)}`),
    details: { path, known },
  });

const SHOWN_CHARACTERS_MAX = 80;

const shown = (value: unknown): string => {
  const text = typeof value === "string" ? quoted(value) : printable(JSON.stringify(value) ?? String(value));
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX - 1)}…`;
};

const lastPart = (path: string): string => path.slice(path.lastIndexOf(".") + 1);

/** `path`: where the field is; `allowed`: what the schema says of it. */
export const invalidValue = (path: string, value: unknown, allowed: string): BunkerError =>
  new BunkerError({
    code: "E_CONFIG_VALUE",
    message: `config: ${printable(path)}: ${value === undefined ? "no value" : `value ${shown(value)}`}: ${printable(allowed)}`,
    hint: `"bunker schema" prints what is allowed`,
    details: { path, value, allowed },
  });
