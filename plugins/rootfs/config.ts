/**
 * The section `rootfs` of the config.
 * @module
 */
import * as v from "valibot";
import { hasControlCharacter, parseTarget, TARGET_SYNTAX } from "../path.ts";
import { parseFile, parseSymlink } from "./files.ts";
import { globProblem } from "./glob.ts";
import type { View } from "./view.ts";
import { parseOverlay, parseTmpfs, parseVolume } from "./volumes.ts";

/** What a parser that gives a text for a problem says to `text`. */
const problemOf =
  (parse: (text: string) => unknown) =>
  (text: string): string | undefined => {
    const parsed = parse(text);
    return typeof parsed === "string" ? parsed : undefined;
  };

/** What is wrong with one item of a list, by its key. */
export const PROBLEMS = {
  volumes: problemOf(parseVolume),
  overlays: problemOf(parseOverlay),
  tmpfs: problemOf(parseTmpfs),
  files: problemOf(parseFile),
  symlinks: problemOf(parseSymlink),
  masks: globProblem,
  paths: (path: string): string | undefined =>
    path === "" || hasControlCharacter(path) ? "a path is not empty and has no control characters" : undefined,
} as const;

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
      listItem(PROBLEMS.paths),
      v.description("A directory of the host's that becomes `/`, instead of a view of the host's system."),
    ),
  ),
  readOnly: v.optional(
    v.pipe(v.boolean(), v.description("`directory` is read-only. The root of the default view always is.")),
  ),
  volumes: list(
    PROBLEMS.volumes,
    "What of the host is where inside: `SRC:DST[:ro|rw,noexec,idmap]`. Writable unless `ro`.",
  ),
  overlays: list(
    PROBLEMS.overlays,
    "Directories of the host that what is written does not reach: `SRC:DST[:upper=DIR,size=…,nr_inodes=…,noexec]`.",
  ),
  tmpfs: list(PROBLEMS.tmpfs, "Empty file systems in memory: `DST[:size=…,mode=…,nr_inodes=…,noexec]`."),
  files: list(PROBLEMS.files, "Files with a text that the payload may write to: `DST=TEXT`."),
  readOnlyFiles: list(PROBLEMS.files, "Files with a text that stays: `DST=TEXT`."),
  symlinks: list(PROBLEMS.symlinks, "Symbolic links: `TARGET:LINKPATH`, in the order of ln."),
  masks: list(
    PROBLEMS.masks,
    "What is hidden of what is shown: a path inside, or a pattern below every directory that is shown: `**/.env`.",
  ),
  read: list(PROBLEMS.paths, "Files and directories of the host, read-only at the same path."),
  write: list(PROBLEMS.paths, "Files and directories of the host, writable at the same path."),
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
  shared: list(PROBLEMS.paths, "As `read`; for front-ends, which put the script here that they run."),
  runtime: v.optional(v.pipe(v.boolean(), v.description("Show this binary at /run/bunker/bun, to run scripts on."))),
});

/** `view` is filled by `resolve`. */
export type Config = v.InferOutput<typeof config> & { readonly view?: View };
