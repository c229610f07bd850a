/**
 * `--mask`: what is hidden of what is shown, looked up inside, on the host that is there now.
 *
 * A pattern that starts with a slash is a path inside. Any other is looked up below every directory that the user shows: volumes,
 * overlays, allowed paths, the current directory. What is made after the start is not hidden, and a hard link is another name.
 * @module
 */
import { type Cover, type DirectoryEntry, type Entry, type Host, type NodeType, refuse } from "../../src/api.ts";
import { isAtOrBelow, isBelow, parentOf, resolveFrom } from "../path.ts";
import { type Glob, isMatch, literalsOf, parseGlob, type States, start, step } from "./glob.ts";
import { mountOf, shownAt } from "./layout.ts";
import { throughLinks } from "./system-view.ts";

/** A pattern that looks at more was not meant for all of it. */
export const LOOKS_MAX = 200_000;
const LINKS_MAX = 40;

const wrong = (mask: string, problem: string, hint: string): never =>
  refuse({ code: "E_MASK", message: `--mask ${JSON.stringify(mask)}: ${problem}`, hint });

interface Search {
  readonly mask: string;
  readonly glob: Glob;
  readonly entries: readonly Entry[];
  readonly host: Host;
  /** Paths inside. */
  readonly found: Map<string, NodeType>;
  looks: number;
}

/** Names that entries have in a directory: mount points need not exist on the host. */
const madeIn = (directory: string, entries: readonly Entry[]): readonly string[] => {
  const top = directory === "/" ? "/" : `${directory}/`;
  const below = entries.filter(({ target }) => isBelow(target, directory));
  return below.map(({ target }) => target.slice(top.length).split("/")[0] ?? "");
};

const typeInside = (path: string, entries: readonly Entry[], host: Host): NodeType => {
  const entry = entries.find(({ target }) => target === path);
  if (entry?.type === "symlink" || entry?.type === "file") return entry.type;
  if (entry?.type === "bind") return entry.node;
  if (entry !== undefined) return "directory";
  const shown = shownAt(path, entries);
  const type = shown === undefined ? "missing" : host.nodeType(shown, { follow: false });
  return type === "missing" && madeIn(path, entries).length > 0 ? "directory" : type;
};

const list = (directory: string, { entries, host }: Search): readonly DirectoryEntry[] => {
  const shown = shownAt(directory, entries);
  const listed = shown === undefined ? [] : (host.list(shown) ?? []);
  const made = [...new Set(madeIn(directory, entries))].map((name) => ({
    name,
    type: typeInside(join(directory, name), entries, host),
  }));
  return [...listed.filter(({ name }) => !made.some((other) => other.name === name)), ...made];
};

const join = (directory: string, name: string): string => (directory === "/" ? `/${name}` : `${directory}/${name}`);

const candidates = (directory: string, states: States, search: Search): readonly DirectoryEntry[] => {
  const literals = literalsOf(search.glob, states);
  if (literals === undefined) return list(directory, search);
  return literals.map((name) => ({ name, type: typeInside(join(directory, name), search.entries, search.host) }));
};

const countLook = (search: Search): void => {
  search.looks += 1;
  if (search.looks > LOOKS_MAX)
    wrong(search.mask, `looks at more than ${LOOKS_MAX} files`, "let it start further down, or name what it is");
};

const checkName = (name: string, directory: string, { mask }: Search): void => {
  if (name.includes("\u{fffd}"))
    wrong(mask, `a name in ${directory} is not UTF-8`, "what has such a name cannot be hidden; hide the directory");
};

/** Directories are looked into, links are not: what they lead to is found where it is. */
const walk = (directory: string, states: States, search: Search): void => {
  for (const { name, type } of candidates(directory, states, search)) {
    countLook(search);
    const next = step(search.glob, states, name);
    if (next.size === 0 || type === "missing") continue;
    const path = join(directory, name);
    const matches = isMatch(search.glob, next);
    if (matches || type === "directory") checkName(name, directory, search);
    if (matches) search.found.set(path, type);
    else if (type === "directory") walk(path, next, search);
  }
};

const isDirectory = (entry: Entry): boolean =>
  entry.type === "overlay" || (entry.type === "bind" && entry.node === "directory");

const searchFor = (
  mask: string,
  entries: readonly Entry[],
  ground: readonly Entry[],
  host: Host,
): ReadonlyMap<string, NodeType> => {
  const search: Search = { mask, glob: parseGlob(mask), entries, host, found: new Map(), looks: 0 };
  const tops = mask.startsWith("/")
    ? ["/"]
    : entries.filter((entry) => isDirectory(entry) && !ground.includes(entry)).map(({ target }) => target);
  for (const top of tops) walk(top, start(search.glob), search);
  return search.found;
};

/** Where a link leads inside; undefined where there is nothing of the host's. */
const followInside = (link: string, entries: readonly Entry[], host: Host): string | undefined => {
  let path = link;
  for (let links = 0; links < LINKS_MAX; links += 1) {
    const shown = shownAt(path, entries);
    if (shown === undefined || host.nodeType(shown, { follow: false }) !== "symlink") break;
    path = throughLinks(resolveFrom(parentOf(path), host.readLink(shown)), entries, host);
  }
  return typeInside(path, entries, host) === "missing" ? undefined : path;
};

/** What is covered: a file or directory of the host's, and no mount of anybody's. */
const toCover = (mask: string, given: string, entries: readonly Entry[], host: Host): readonly Cover[] => {
  const target = followInside(given, entries, host);
  if (target === undefined || shownAt(target, entries) === undefined) return [];
  const mount = entries.find((entry) => isAtOrBelow(entry.target, target));
  if (mount !== undefined)
    wrong(mask, `${mount.target} is mounted there`, "leave out the mount, or name what is to be hidden of it");
  const node = typeInside(target, entries, host) === "directory" ? "directory" : "file";
  return [{ target, how: "hidden", node, optional: false }];
};

const coversOf = (mask: string, entries: readonly Entry[], ground: readonly Entry[], host: Host): readonly Cover[] => {
  const found = [...searchFor(mask, entries, ground, host).keys()].filter((path) => mountOf(path, entries));
  if (found.length === 0)
    wrong(
      mask,
      "matches nothing",
      "with a slash in front it is a path inside, without one it is looked up below every directory that you show",
    );
  return found.flatMap((path) => toCover(mask, path, entries, host));
};

/** Covers for all masks, none of them below another. `ground`: the system, which is no directory of the user's choice. */
export const findMasks = (
  masks: readonly string[],
  entries: readonly Entry[],
  ground: readonly Entry[],
  host: Host,
): readonly Cover[] => {
  const all = masks.flatMap((mask) => coversOf(mask, entries, ground, host));
  const byTarget = new Map(all.map((cover) => [cover.target, cover]));
  return [...byTarget.values()].filter(({ target }) => !all.some((other) => isBelow(target, other.target)));
};
