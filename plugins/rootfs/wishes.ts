/**
 * What the user mounts and makes, as entries: each of these reads one kind of wish.
 * @module
 */
import type { Entry, Host } from "../../src/api.ts";
import { isAtOrBelow } from "../path.ts";
import { parseFile, parseSymlink } from "./files.ts";
import type { Mount } from "./layout.ts";
import { targetProblem } from "./places.ts";
import { realDirectory, realSource, samePlace, wrong } from "./sources.ts";
import { type Bind, bindOf, throughLinks } from "./system-view.ts";
import { parseOverlay, parseTmpfs, parseVolume } from "./volumes.ts";

export type Wish = Extract<Entry, { type: "bind" | "tmpfs" | "overlay" | "file" | "symlink" }>;

export interface Wishes {
  readonly volumes: readonly string[];
  readonly tmpfs: readonly string[];
  readonly overlays: readonly string[];
  readonly write: readonly string[];
  readonly files: readonly string[];
  readonly readOnlyFiles: readonly string[];
  readonly symlinks: readonly string[];
}

interface Context {
  readonly host: Host;
  readonly system: readonly Entry[];
}

/** The words were checked by the schema; whoever calls without one hears it here. */
const parsed = <T extends object>(text: string, parse: (text: string) => T | string): T => {
  const result = parse(text);
  return typeof result === "string" ? wrong(text, result) : result;
};

/** Where a target leads, by links of the system or of a root directory: that must be a place for it too. */
const placed = (target: string, { host, system }: Context): string => {
  const place = throughLinks(target, system, host);
  const problem = targetProblem(place);
  // The whole of /run is a tmpfs of the user's where it is asked for (volumes.ts), and no link leads there.
  return problem === undefined || place === target ? place : wrong(target, problem);
};

const volume = (text: string, context: Context): Bind => {
  const { source, target, readOnly, noexec, idmap } = parsed(text, parseVolume);
  const bind = bindOf(
    context.host,
    realSource("volume source", source, context.host),
    placed(target, context),
    readOnly,
  );
  return { ...bind, ...(noexec ? { noexec } : {}), ...(idmap ? { idmap } : {}) };
};

const tmpfs = (text: string, context: Context): Mount => {
  const { noexec, target, ...rest } = parsed(text, parseTmpfs);
  return { type: "tmpfs", ...rest, target: placed(target, context), owner: "payload", ...(noexec ? { noexec } : {}) };
};

/** The kernel refuses layers that hold each other, with an errno that says nothing. */
const checkApart = (text: string, source: string, upper: string): void => {
  if (isAtOrBelow(source, upper) || isAtOrBelow(upper, source))
    wrong(text, `the source ${source} and the upper directory ${upper} are one in the other`);
};

const overlay = (text: string, context: Context): Mount => {
  const { source, target, upper, sizeBytes, inodes, noexec } = parsed(text, parseOverlay);
  const lower = realDirectory("the source of an overlay", source, context.host);
  const kept =
    upper === undefined ? undefined : realDirectory("the upper directory of an overlay", upper, context.host);
  if (kept !== undefined) checkApart(text, lower, kept);
  return {
    type: "overlay",
    source: lower,
    target: placed(target, context),
    ...(kept === undefined ? {} : { upper: kept }),
    sizeBytes,
    inodes,
    ...(noexec ? { noexec } : {}),
  };
};

/** `--allow-write`: the same path inside, writable. */
const writable = (path: string, context: Context): Bind => {
  const { source, target } = samePlace("the path to write", path, context.host);
  return bindOf(context.host, source, placed(target, context), false);
};

const file = (text: string, readOnly: boolean, context: Context): Wish => {
  const { target, text: content } = parsed(text, parseFile);
  return {
    type: "file",
    target: placed(target, context),
    mode: readOnly ? 0o444 : 0o644,
    content: [content],
    mount: readOnly ? "read-only" : "writable",
    ...(readOnly ? {} : { owner: "payload" as const }),
  };
};

const symlink = (text: string, context: Context): Wish => {
  const { target, to } = parsed(text, parseSymlink);
  return { type: "symlink", target: placed(target, context), to };
};

/** In the order of the kinds; a path that is written to twice is one. */
export const readWishes = (wishes: Wishes, context: Context): readonly Wish[] => [
  ...wishes.volumes.map((text) => volume(text, context)),
  ...wishes.overlays.map((text) => overlay(text, context)),
  ...wishes.tmpfs.map((text) => tmpfs(text, context)),
  ...new Map(wishes.write.map((path) => writable(path, context)).map((bind) => [bind.target, bind])).values(),
  ...wishes.files.map((text) => file(text, false, context)),
  ...wishes.readOnlyFiles.map((text) => file(text, true, context)),
  ...wishes.symlinks.map((text) => symlink(text, context)),
];
