/**
 * Where things may be put inside, and come from on the host, as far as the words alone tell.
 * @module
 */
import { isAtOrBelow, PATH_BYTES_MAX, parseTarget, TARGET_SYNTAX } from "../path.ts";

/** Owned by other plugins, or by the sandbox itself; to replace all of them is what `--rootfs` is for. */
const RESERVED_TREES = ["/proc", "/dev", "/sys", "/run/bunker"];
const RESERVED = ["/", "/etc", "/run"];

/** What is wrong with a place for something of the user's. */
export const targetProblem = (text: string): string | undefined => {
  const target = parseTarget(text);
  if (target === undefined) return `the target ${JSON.stringify(text)} must be ${TARGET_SYNTAX}`;
  const reserved = RESERVED.includes(target) || RESERVED_TREES.some((top) => isAtOrBelow(target, top));
  return reserved ? `nothing can be mounted at ${target}: it belongs to the sandbox` : undefined;
};

const isSource = (source: string): boolean => /^(\/|\.\.?(\/|$))/.test(source) && !source.includes("\0");

/** `what`: `source`, `upper directory`. */
export const sourceProblem = (source: string, what = "source"): string | undefined => {
  if (Buffer.byteLength(source) > PATH_BYTES_MAX) return `the ${what} is longer than ${PATH_BYTES_MAX} bytes`;
  return isSource(source)
    ? undefined
    : `the ${what} ${JSON.stringify(source)} must start with /, ./ or ../ (there are no named volumes)`;
};
