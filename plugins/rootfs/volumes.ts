/**
 * `--volume` and `--tmpfs` as people write them. Each parser gives its result, or a text that says what is wrong.
 *
 * Strict where Docker is lenient: an option that is not known, or given twice, is an error and not ignored.
 * @module
 */
import { isAtOrBelow, PATH_BYTES_MAX, parseTarget, TARGET_SYNTAX } from "../path.ts";
import { parseSize } from "./sizes.ts";

export interface Volume {
  /** As it was written: relative to the caller's directory, where it starts with a dot. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly noexec: boolean;
}

export interface Tmpfs {
  readonly target: string;
  readonly sizeBytes: number;
  readonly inodes: number;
  readonly mode: number;
  readonly noexec: boolean;
}

export const TMPFS_BYTES = 64 * 1_048_576;
export const TMPFS_INODES = 65_536;
export const STICKY = 0o1777;

/** Owned by other plugins, or by the sandbox itself; to replace all of them is what `--rootfs` is for. */
const RESERVED_TREES = ["/proc", "/dev", "/sys", "/run/bunker"];
const RESERVED = ["/", "/etc", "/run"];

/** What is wrong with a place for a mount of the user's. */
export const targetProblem = (text: string): string | undefined => {
  const target = parseTarget(text);
  if (target === undefined) return `the target ${JSON.stringify(text)} must be ${TARGET_SYNTAX}`;
  const reserved = RESERVED.includes(target) || RESERVED_TREES.some((top) => isAtOrBelow(target, top));
  return reserved ? `nothing can be mounted at ${target}: it belongs to the sandbox` : undefined;
};

const isSource = (source: string): boolean => /^(\/|\.\.?(\/|$))/.test(source) && !source.includes("\0");

const sourceProblem = (source: string): string | undefined => {
  if (Buffer.byteLength(source) > PATH_BYTES_MAX) return `the source is longer than ${PATH_BYTES_MAX} bytes`;
  return isSource(source)
    ? undefined
    : `the source ${JSON.stringify(source)} must start with /, ./ or ../ (there are no named volumes)`;
};

/** Options that are not in `known` or that come twice. */
const optionProblem = (options: readonly string[], known: readonly string[]): string | undefined => {
  const keys = options.map((option) => option.replace(/=.*$/s, "="));
  const unknown = keys.find((key) => !known.includes(key));
  if (unknown !== undefined) return `unknown option ${JSON.stringify(unknown)}; allowed: ${known.join(", ")}`;
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  return twice === undefined ? undefined : `the option ${twice} is given twice`;
};

const split = (options: string | undefined): readonly string[] => (options === undefined ? [] : options.split(","));

/** `SRC:DST[:ro|rw][,noexec]`, Docker's. */
export const parseVolume = (text: string): Volume | string => {
  const [source = "", target, optionText, ...rest] = text.split(":");
  if (target === undefined || rest.length > 0)
    return "it must be SRC:DST or SRC:DST:OPTIONS, and no path can have a colon";
  const options = split(optionText);
  const problem = sourceProblem(source) ?? targetProblem(target) ?? optionProblem(options, ["ro", "rw", "noexec"]);
  if (problem !== undefined) return problem;
  if (options.includes("ro") && options.includes("rw")) return "ro and rw exclude each other";
  return {
    source,
    target: parseTarget(target) ?? target,
    readOnly: options.includes("ro"),
    noexec: options.includes("noexec"),
  };
};

const valueAfter = (options: readonly string[], key: string): string | undefined =>
  options.find((option) => option.startsWith(`${key}=`))?.slice(key.length + 1);

const parseMode = (text: string): number | string =>
  /^[0-7]{1,4}$/.test(text) ? Number.parseInt(text, 8) : `mode ${JSON.stringify(text)} must be octal, 0 to 7777`;

const parseInodes = (text: string): number | string =>
  /^[1-9][0-9]{0,8}$/.test(text)
    ? Number(text)
    : `nr_inodes ${JSON.stringify(text)} must be a number from 1 to 999999999`;

/** `DST[:size=…,mode=…,nr_inodes=…,noexec]`. */
export const parseTmpfs = (text: string): Tmpfs | string => {
  const [target = "", optionText, ...rest] = text.split(":");
  if (rest.length > 0) return "it must be DST or DST:OPTIONS, and no path can have a colon";
  const options = split(optionText);
  const problem =
    (parseTarget(target) === "/run" ? undefined : targetProblem(target)) ??
    optionProblem(options, ["size=", "mode=", "nr_inodes=", "noexec"]);
  if (problem !== undefined) return problem;
  const sizeBytes = parseSize(valueAfter(options, "size") ?? String(TMPFS_BYTES));
  const mode = parseMode(valueAfter(options, "mode") ?? STICKY.toString(8));
  const inodes = parseInodes(valueAfter(options, "nr_inodes") ?? String(TMPFS_INODES));
  if (typeof sizeBytes === "string") return sizeBytes;
  if (typeof mode === "string") return mode;
  if (typeof inodes === "string") return inodes;
  return { target: parseTarget(target) ?? target, sizeBytes, inodes, mode, noexec: options.includes("noexec") };
};
