/**
 * `--volume`, `--tmpfs` and `--overlay` as people write them. Each parser gives its result, or a text that says what is wrong.
 * @module
 */
import { parseTarget } from "../path.ts";
import { optionProblem, parseInodes, parseMode, split, valueAfter } from "./options.ts";
import { sourceProblem, targetProblem } from "./places.ts";
import { parseSize } from "./sizes.ts";

export interface Volume {
  /** As it was written: relative to the caller's directory, where it starts with a dot. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly noexec: boolean;
  readonly idmap: boolean;
}

/** Limits of a file system in memory. */
interface Limits {
  readonly sizeBytes: number;
  readonly inodes: number;
}

export interface Tmpfs extends Limits {
  readonly target: string;
  readonly mode: number;
  readonly noexec: boolean;
}

export interface Overlay extends Limits {
  readonly source: string;
  readonly target: string;
  /** As it was written. Without one, what is written stays in memory. */
  readonly upper: string | undefined;
  readonly noexec: boolean;
}

export const TMPFS_BYTES = 64 * 1_048_576;
export const TMPFS_INODES = 65_536;
export const STICKY = 0o1777;

const parseLimits = (options: readonly string[]): Limits | string => {
  const sizeBytes = parseSize(valueAfter(options, "size") ?? String(TMPFS_BYTES));
  const inodes = parseInodes(valueAfter(options, "nr_inodes") ?? String(TMPFS_INODES));
  if (typeof sizeBytes === "string") return sizeBytes;
  return typeof inodes === "string" ? inodes : { sizeBytes, inodes };
};

/** `SRC:DST[:OPTIONS]` without its options. */
const parseMapping = (
  text: string,
  known: readonly string[],
): { readonly source: string; readonly target: string; readonly options: readonly string[] } | string => {
  const [source = "", target, optionText, ...rest] = text.split(":");
  if (target === undefined || rest.length > 0)
    return "it must be SRC:DST or SRC:DST:OPTIONS, and no path can have a colon";
  const options = split(optionText);
  const problem = sourceProblem(source) ?? targetProblem(target) ?? optionProblem(options, known);
  return problem ?? { source, target: parseTarget(target) ?? target, options };
};

/** `SRC:DST[:ro|rw][,noexec][,idmap]`, Docker's. */
export const parseVolume = (text: string): Volume | string => {
  const mapping = parseMapping(text, ["ro", "rw", "noexec", "idmap"]);
  if (typeof mapping === "string") return mapping;
  const { source, target, options } = mapping;
  if (options.includes("ro") && options.includes("rw")) return "ro and rw exclude each other";
  const [readOnly = false, noexec = false, idmap = false] = ["ro", "noexec", "idmap"].map((name) =>
    options.includes(name),
  );
  return { source, target, readOnly, noexec, idmap };
};

/** `DST[:size=…,mode=…,nr_inodes=…,noexec]`. */
export const parseTmpfs = (text: string): Tmpfs | string => {
  const [target = "", optionText, ...rest] = text.split(":");
  if (rest.length > 0) return "it must be DST or DST:OPTIONS, and no path can have a colon";
  const options = split(optionText);
  const problem =
    (parseTarget(target) === "/run" ? undefined : targetProblem(target)) ??
    optionProblem(options, ["size=", "mode=", "nr_inodes=", "noexec"]);
  if (problem !== undefined) return problem;
  const limits = parseLimits(options);
  const mode = parseMode(valueAfter(options, "mode") ?? STICKY.toString(8));
  if (typeof limits === "string") return limits;
  if (typeof mode === "string") return mode;
  return { target: parseTarget(target) ?? target, ...limits, mode, noexec: options.includes("noexec") };
};

/** `SRC:DST[:upper=DIR][,size=…,nr_inodes=…,noexec]`. */
export const parseOverlay = (text: string): Overlay | string => {
  const mapping = parseMapping(text, ["upper=", "size=", "nr_inodes=", "noexec"]);
  if (typeof mapping === "string") return mapping;
  const { source, target, options } = mapping;
  const upper = valueAfter(options, "upper");
  const problem = upper === undefined ? undefined : sourceProblem(upper, "upper directory");
  if (problem !== undefined) return problem;
  if (upper !== undefined && ["size", "nr_inodes"].some((key) => valueAfter(options, key) !== undefined))
    return "size and nr_inodes are limits of the memory that upper= does without";
  const limits = parseLimits(options);
  if (typeof limits === "string") return limits;
  return { source, target, upper, ...limits, noexec: options.includes("noexec") };
};
