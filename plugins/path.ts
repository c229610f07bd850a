/**
 * Absolute paths as text. Nothing here looks at a file system, so that it can be said what a path means before one exists.
 * @module
 */

/** `PATH_MAX` without the trailing NUL: include/uapi/linux/limits.h. */
export const PATH_BYTES_MAX = 4095;

export const isAbsolute = (path: string): boolean => path.startsWith("/");

const parts = (path: string): readonly string[] => path.split("/").filter((part) => part !== "" && part !== ".");

/** Without `.`, `..`, doubled and trailing slashes; `..` of the root is the root. */
export const normalise = (path: string): string => {
  const kept: string[] = [];
  for (const part of parts(path)) {
    if (part === "..") kept.pop();
    else kept.push(part);
  }
  return `/${kept.join("/")}`;
};

export const isNormal = (path: string): boolean => normalise(path) === path;

/** What `path` means to somebody in `directory`. */
export const resolveFrom = (directory: string, path: string): string =>
  normalise(isAbsolute(path) ? path : `${directory}/${path}`);

export const parentOf = (path: string): string => normalise(`${path}/..`);

/** `/usr` and `/usr/lib` are at or below `/usr`; `/usrlocal` is not. */
export const isAtOrBelow = (path: string, top: string): boolean =>
  path === top || path.startsWith(top === "/" ? "/" : `${top}/`);

export const isBelow = (path: string, top: string): boolean => path !== top && isAtOrBelow(path, top);

/** `path` with the leading `from` replaced by `to`. */
export const rebase = (path: string, from: string, to: string): string => normalise(`${to}/${path.slice(from.length)}`);

export const hasControlCharacter = (path: string): boolean => /[\0-\x1f\x7f]/.test(path);

export const TARGET_SYNTAX = `an absolute path without \`..\` and control characters, of at most ${PATH_BYTES_MAX} bytes`;

/** A path inside the sandbox, normalised; undefined when it is none. */
export const parseTarget = (text: string): string | undefined => {
  const wrong = !isAbsolute(text) || text.split("/").includes("..") || hasControlCharacter(text);
  return wrong || Buffer.byteLength(text) > PATH_BYTES_MAX ? undefined : normalise(text);
};
