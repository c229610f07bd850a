/**
 * The section `rootfs` of the config, and its flags.
 * @module
 */
import * as v from "valibot";
import type { Flag } from "../../src/api.ts";
import { listOf, toggle } from "../flag.ts";
import { hasControlCharacter, parseTarget, TARGET_SYNTAX } from "../path.ts";
import type { View } from "./view.ts";
import { parseTmpfs, parseVolume } from "./volumes.ts";

/** What a parser that gives a text for a problem says to `text`. */
const problemOf =
  (parse: (text: string) => unknown) =>
  (text: string): string | undefined => {
    const parsed = parse(text);
    return typeof parsed === "string" ? parsed : undefined;
  };

const volumeProblem = problemOf(parseVolume);
const tmpfsProblem = problemOf(parseTmpfs);
const pathProblem = (path: string): string | undefined =>
  path === "" || hasControlCharacter(path) ? "a path is not empty and has no control characters" : undefined;

const listItem = (problem: (text: string) => string | undefined) =>
  v.pipe(
    v.string(),
    v.check(
      (text) => problem(text) === undefined,
      ({ input }) => problem(input) ?? "",
    ),
  );

const list = (problem: (text: string) => string | undefined, description: string) =>
  v.optional(v.pipe(v.array(listItem(problem)), v.description(description)));

const workdir = v.pipe(
  v.string(),
  v.check((path) => parseTarget(path) !== undefined, `allowed: ${TARGET_SYNTAX}`),
);

export const config = v.strictObject({
  directory: v.optional(
    v.pipe(
      listItem(pathProblem),
      v.description("A directory of the host's that becomes `/`, instead of a view of the host's system."),
    ),
  ),
  readOnly: v.optional(
    v.pipe(v.boolean(), v.description("`directory` is read-only. The root of the default view always is.")),
  ),
  volumes: list(volumeProblem, "What of the host is where inside: `SRC:DST[:ro|rw|noexec,…]`. Writable unless `ro`."),
  tmpfs: list(tmpfsProblem, "Empty file systems in memory: `DST[:size=…,mode=…,nr_inodes=…,noexec]`."),
  read: list(pathProblem, "Files and directories of the host, read-only at the same path."),
  write: list(pathProblem, "Files and directories of the host, writable at the same path."),
  cwd: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        "Show the current directory, read-only at the same path (default), unless it holds more than work.",
      ),
    ),
  ),
  workdir: v.optional(
    v.pipe(
      workdir,
      v.description("Where the payload starts, inside. Default: the current directory where it is shown, or home."),
    ),
  ),
  shared: list(pathProblem, "As `read`; for front-ends, which put the script here that they run."),
  runtime: v.optional(v.pipe(v.boolean(), v.description("Show this binary at /run/bunker/bun, to run scripts on."))),
});

/** `view` is filled by `resolve`. */
export type Config = v.InferOutput<typeof config> & { readonly view?: View };

const PATHS = { value: "PATH[,PATH…]", commas: true, problem: pathProblem };

export const flags: Readonly<Record<string, Flag<Config>>> = {
  rootfs: {
    value: "DIR",
    summary: "Use a directory of the host's as /, writable unless --read-only",
    apply: (section, value, ctx) =>
      pathProblem(value) === undefined ? { ...section, directory: value } : ctx.refuse(value, "a directory"),
  },
  "read-only": toggle("readOnly", true, "Make the directory of --rootfs read-only"),
  volume: listOf<Config>({
    key: "volumes",
    short: "v",
    value: "SRC:DST[:ro|rw]",
    summary: "Show a file or directory of the host's at DST",
    problem: volumeProblem,
  }),
  tmpfs: listOf<Config>({
    key: "tmpfs",
    value: "DST[:size=…,mode=…]",
    summary: "Mount an empty file system in memory at DST",
    problem: tmpfsProblem,
  }),
  "allow-read": listOf<Config>({
    key: "read",
    short: "R",
    summary: "Show paths read-only where they are on the host",
    ...PATHS,
  }),
  "allow-write": listOf<Config>({
    key: "write",
    short: "W",
    summary: "Show paths writable where they are on the host",
    ...PATHS,
  }),
  workdir: {
    short: "w",
    value: "DIR",
    summary: "Where the payload starts, inside",
    apply: (section, value, ctx) =>
      parseTarget(value) === undefined ? ctx.refuse(value, TARGET_SYNTAX) : { ...section, workdir: value },
  },
};
