/**
 * The tree inside, as it will be: directories of the host's with mounts on them. Looked at on the host, before anything is mounted.
 * @module
 */
import type { DirectoryEntry, Entry, Host, NodeType } from "../../src/api.ts";
import { isBelow, parentOf, resolveFrom } from "../path.ts";
import { shownAt } from "./layout.ts";
import { throughLinks } from "./system-view.ts";

/** As many as the kernel follows in a path: include/linux/namei.h. */
const LINKS_MAX = 40;

export const joinInside = (directory: string, name: string): string =>
  directory === "/" ? `/${name}` : `${directory}/${name}`;

/** Names that entries have in a directory: mount points need not exist on the host. */
const madeIn = (directory: string, entries: readonly Entry[]): readonly string[] => {
  const top = directory === "/" ? "/" : `${directory}/`;
  const below = entries.filter(({ target }) => isBelow(target, directory));
  return below.map(({ target }) => target.slice(top.length).split("/")[0] ?? "");
};

/** What is at a path inside; links are not followed. */
export const typeInside = (path: string, entries: readonly Entry[], host: Host): NodeType => {
  const entry = entries.find(({ target }) => target === path);
  if (entry?.type === "symlink" || entry?.type === "file") return entry.type;
  if (entry?.type === "bind") return entry.node;
  if (entry !== undefined) return "directory";
  const shown = shownAt(path, entries);
  const type = shown === undefined ? "missing" : host.nodeType(shown, { follow: false });
  return type === "missing" && madeIn(path, entries).length > 0 ? "directory" : type;
};

/** What is in a directory inside, with what will be mounted in it. */
export const listInside = (directory: string, entries: readonly Entry[], host: Host): readonly DirectoryEntry[] => {
  const shown = shownAt(directory, entries);
  const listed = shown === undefined ? [] : (host.list(shown) ?? []);
  const made = [...new Set(madeIn(directory, entries))].map((name) => ({
    name,
    type: typeInside(joinInside(directory, name), entries, host),
  }));
  return [...listed.filter(({ name }) => !made.some((other) => other.name === name)), ...made];
};

/** Where a link leads inside; undefined where there is nothing of the host's. */
export const followInside = (link: string, entries: readonly Entry[], host: Host): string | undefined => {
  let path = link;
  for (let links = 0; links < LINKS_MAX; links += 1) {
    const shown = shownAt(path, entries);
    if (shown === undefined || host.nodeType(shown, { follow: false }) !== "symlink") break;
    path = throughLinks(resolveFrom(parentOf(path), host.readLink(shown)), entries, host);
  }
  return typeInside(path, entries, host) === "missing" ? undefined : path;
};
