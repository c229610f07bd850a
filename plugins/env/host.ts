/**
 * What is taken from the caller's environment and from files.
 * @module
 */
import { type Host, refuse } from "../../src/api.ts";
import { resolveFrom } from "../path.ts";
import { isName, isVariable, NAME_SYNTAX, parseEnvFile, VALUE_SYNTAX, type Variable } from "./names.ts";

export const ENV_FILE_BYTES_MAX = 1_048_576;

/** All that the caller has and that has a proper name: `BASH_FUNC_x%%` is none. */
const everything = (host: Host): readonly string[] => Object.keys(host.environment).filter(isName);

/** `--allow-env`: as in Deno, a variable that may be read need not be set. */
export const allowed = (names: readonly string[], host: Host): readonly Variable[] =>
  (names.includes("*") ? everything(host) : names).flatMap((name) => {
    const value = host.environment[name];
    return value === undefined || !isVariable(name, value) ? [] : [[name, value] as const];
  });

/** `-e NAME`: whoever names one variable counts on it. */
export const passed = (names: readonly string[], host: Host): readonly Variable[] =>
  names.map((name) => {
    const value = host.environment[name];
    if (value !== undefined && isVariable(name, value)) return [name, value];
    const message = value === undefined ? "is not set" : `has a value that cannot be passed (${VALUE_SYNTAX})`;
    return refuse({
      code: "E_ENV_UNSET",
      message: `the environment variable ${name} ${message}`,
      hint: `set it, or give it a value: -e ${name}=VALUE`,
    });
  });

export const fromFiles = (files: readonly string[], host: Host): readonly Variable[] =>
  files.flatMap((file) => {
    const text = host.readText(resolveFrom(host.cwd, file), ENV_FILE_BYTES_MAX);
    if (text === undefined)
      return refuse({
        code: "E_ENV_FILE",
        message: `environment file ${JSON.stringify(file)} cannot be read`,
        hint: `it must be a regular file of at most ${ENV_FILE_BYTES_MAX} bytes`,
      });
    const variables = parseEnvFile(text);
    if ("wrongLine" in variables)
      return refuse({
        code: "E_ENV_FILE",
        message: `line ${variables.wrongLine} of environment file ${JSON.stringify(file)} is not NAME=VALUE`,
        hint: `NAME: ${NAME_SYNTAX}; VALUE: ${VALUE_SYNTAX}; comments start with #`,
      });
    return variables;
  });
