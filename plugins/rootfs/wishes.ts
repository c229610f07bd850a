/**
 * What the user mounts and makes, as entries: each of these reads one kind of wish.
 * @module
 */
import type { Entry, Host } from "../../src/api.ts";
import { isAtOrBelow } from "../path.ts";
import { parseFile, parseSymlink } from "./files.ts";
import type { Mount } from "./layout.ts";
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

const volume = (text: string, { host, system }: Context): Bind => {
  const { source, target, readOnly, noexec, idmap } = parsed(text, parseVolume);
  const bind = bindOf(host, realSource("volume source", source, host), throughLinks(target, system, host), readOnly);
  return { ...bind, ...(noexec ? { noexec } : {}), ...(idmap ? { idmap } : {}) };
};

const tmpfs = (text: string, { host, system }: Context): Mount => {
  const { noexec, target, ...rest } = parsed(text, parseTmpfs);
  return { type: "tmpfs", ...rest, target: throughLinks(target, system, host), ...(noexec ? { noexec } : {}) };
};

/** The kernel refuses layers that hold each other, with an errno that says nothing. */
const checkApart = (text: string, source: string, upper: string): void => {
  if (isAtOrBelow(source, upper) || isAtOrBelow(upper, source))
    wrong(text, `the source ${source} and the upper directory ${upper} are one in the other`);
};

const overlay = (text: string, { host, system }: Context): Mount => {
  const { source, target, upper, sizeBytes, inodes, noexec } = parsed(text, parseOverlay);
  const lower = realDirectory("the source of an overlay", source, host);
  const kept = upper === undefined ? undefined : realDirectory("the upper directory of an overlay", upper, host);
  if (kept !== undefined) checkApart(text, lower, kept);
  return {
    type: "overlay",
    source: lower,
    target: throughLinks(target, system, host),
    ...(kept === undefined ? {} : { upper: kept }),
    sizeBytes,
    inodes,
    ...(noexec ? { noexec } : {}),
  };
};

/** `--allow-write`: the same path inside, writable. */
const writable = (path: string, { host, system }: Context): Bind => {
  const { source, target } = samePlace("the path to write", path, host);
  return bindOf(host, source, throughLinks(target, system, host), false);
};

const file = (text: string, readOnly: boolean, { host, system }: Context): Wish => {
  const { target, text: content } = parsed(text, parseFile);
  return {
    type: "file",
    target: throughLinks(target, system, host),
    mode: readOnly ? 0o444 : 0o644,
    content: [content],
    mount: readOnly ? "read-only" : "writable",
  };
};

const symlink = (text: string, { host, system }: Context): Wish => {
  const { target, to } = parsed(text, parseSymlink);
  return { type: "symlink", target: throughLinks(target, system, host), to };
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
