/**
 * `--mask`: what is hidden of what is shown, looked up inside, on the host that is there now.
 *
 * A pattern that starts with a slash is a path inside. Any other is looked up below every directory that the user shows: volumes,
 * overlays, allowed paths, the current directory. What is made after the start is not hidden, and a hard link is another name.
 * @module
 */
import { type Cover, type DirectoryEntry, type Entry, type Host, type NodeType, refuse } from "../../src/api.ts";
import { isAtOrBelow, isBelow } from "../path.ts";
import { type Glob, isMatch, literalsOf, parseGlob, type States, start, step } from "./glob.ts";
import { followInside, joinInside, listInside, typeInside } from "./inside.ts";
import { mountOf, shownAt } from "./layout.ts";

/** A pattern that looks at more was not meant for all of it. */
export const LOOKS_MAX = 200_000;

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

const candidates = (directory: string, states: States, search: Search): readonly DirectoryEntry[] => {
  const literals = literalsOf(search.glob, states);
  if (literals === undefined) return listInside(directory, search.entries, search.host);
  return literals.map((name) => ({ name, type: typeInside(joinInside(directory, name), search.entries, search.host) }));
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
    const path = joinInside(directory, name);
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
