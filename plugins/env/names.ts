/**
 * Names and values of environment variables, and files of them.
 * @module
 */

/** `MAX_ARG_STRLEN`: one `NAME=VALUE` with its NUL, in include/uapi/linux/binfmts.h. Longer ones fail execve(2) with E2BIG. */
export const VARIABLE_BYTES_MAX = 131_072;

export const NAME_SYNTAX = "letters, digits and _, not starting with a digit";

export const isName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);

export const VALUE_SYNTAX = `no NUL, and at most ${VARIABLE_BYTES_MAX - 1} bytes together with its name`;

export const isVariable = (name: string, value: string): boolean =>
  !value.includes("\0") && Buffer.byteLength(name) + 1 + Buffer.byteLength(value) + 1 <= VARIABLE_BYTES_MAX;

export type Variable = readonly [name: string, value: string];

/** `NAME=VALUE`; undefined when it is none. */
export const parseVariable = (text: string): Variable | undefined => {
  const at = text.indexOf("=");
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  return at > 0 && isName(name) && isVariable(name, value) ? [name, value] : undefined;
};

/** Lines of `NAME=VALUE`; blank lines and those that start with # are skipped. Values are taken as they are: no quotes, no `$`. */
export const parseEnvFile = (text: string): readonly Variable[] | { readonly wrongLine: number } => {
  const variables: Variable[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const variable = parseVariable(line);
    if (variable === undefined) return { wrongLine: index + 1 };
    variables.push(variable);
  }
  return variables;
};
