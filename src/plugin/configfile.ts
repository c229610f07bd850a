/**
 * Config files: TOML, YAML, JSON and JSONC, by the end of their names.
 *
 * Only a file that the user named is read, never one that happens to lie in the current directory.
 * @module
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { configUnparsable, configUnreadable, invalidValue } from "../errors/config.ts";
import type { Sections } from "./config.ts";

export interface ConfigFile {
  readonly sections: Sections;
  readonly command: readonly string[];
  /** Absolute paths of plugin files. */
  readonly plugins: readonly string[];
}

const FORMATS: Readonly<Record<string, { readonly name: string; readonly parse: (text: string) => unknown }>> = {
  toml: { name: "TOML", parse: Bun.TOML.parse },
  yaml: { name: "YAML", parse: Bun.YAML.parse },
  yml: { name: "YAML", parse: Bun.YAML.parse },
  json: { name: "JSON", parse: JSON.parse },
  jsonc: { name: "JSONC", parse: Bun.JSONC.parse },
};

const CONFIG_BYTES_MAX = 1024 * 1024;

/** @throws BunkerError that names the file, or the field */
export const readConfigFile = (file: string, cwd: string): ConfigFile => {
  const path = resolve(cwd, file);
  const format = FORMATS[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
  if (format === undefined) throw configUnreadable(file, "its format is not known by its name");
  return shape(parse(file, format, readBounded(file, path)), dirname(path));
};

/** O_NONBLOCK: a FIFO in its place answers at once, and is refused. */
const readBounded = (file: string, path: string): string => {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw configUnreadable(file, stats.isDirectory() ? "is a directory" : "is not a regular file");
    if (stats.size > CONFIG_BYTES_MAX) throw configUnreadable(file, "is larger than 1 MiB");
    return readFileSync(fd, "utf8");
  } catch (error) {
    throw isErrno(error) ? configUnreadable(file, REASONS[error.code] ?? error.code) : error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  ENXIO: "is not a regular file",
};

const isErrno = (error: unknown): error is { readonly code: string } =>
  error instanceof Error && "errno" in error && "code" in error;

const parse = (file: string, format: { name: string; parse: (text: string) => unknown }, text: string): unknown => {
  try {
    return format.parse(text);
  } catch (error) {
    throw configUnparsable(file, format.name, error instanceof Error ? error.message : String(error));
  }
};

const strings = (key: string, value: unknown): readonly string[] => {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw invalidValue(key, value, "expected a list of strings");
};

const shape = (value: unknown, directory: string): ConfigFile => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidValue("file", value, "expected a table of sections");
  }
  // `$schema` is for editors.
  const { command, plugins, $schema: _, ...sections } = value as Record<string, unknown>;
  return {
    sections,
    command: strings("command", command),
    plugins: strings("plugins", plugins).map((file) => resolve(directory, file)),
  };
};
