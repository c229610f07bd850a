/**
 * `--file`, `--ro-file` and `--symlink` as people write them. Each parser gives its result, or a text that says what is wrong.
 * @module
 */
import { hasControlCharacter, PATH_BYTES_MAX, parseTarget } from "../path.ts";
import { targetProblem } from "./places.ts";

export interface TextFile {
  readonly target: string;
  readonly text: string;
}

/** The launcher carries it. What is larger is a volume. */
export const FILE_BYTES_MAX = 1_048_576;

/** `DST=TEXT`: the first equals sign ends the path. */
export const parseFile = (given: string): TextFile | string => {
  const equals = given.indexOf("=");
  if (equals === -1) return "it must be DST=TEXT";
  const [target, text] = [given.slice(0, equals), given.slice(equals + 1)];
  const bytes = Buffer.byteLength(text);
  if (bytes > FILE_BYTES_MAX) return `the text is ${bytes} bytes long, at most ${FILE_BYTES_MAX} are possible`;
  return targetProblem(target) ?? { target: parseTarget(target) ?? target, text };
};

export interface Link {
  readonly target: string;
  /** Where it points to, as it is. */
  readonly to: string;
}

/** `TARGET:LINKPATH`, in the order of ln(1). */
export const parseSymlink = (given: string): Link | string => {
  const [to = "", path, ...rest] = given.split(":");
  if (path === undefined || rest.length > 0) return "it must be TARGET:LINKPATH, and no path can have a colon";
  if (to === "" || hasControlCharacter(to)) return "what the link points to is empty or has control characters";
  if (Buffer.byteLength(to) > PATH_BYTES_MAX) return `what the link points to is longer than ${PATH_BYTES_MAX} bytes`;
  return targetProblem(path) ?? { target: parseTarget(path) ?? path, to };
};
