/**
 * What an overlay has changed: its upper directory, read against the directory below it.
 *
 * The kernel keeps what is new and what was written to as it is, copies the directories on the way, and marks what was removed: by a
 * character device 0:0 of the same name, or, where a whole directory was replaced, by the attribute `user.overlay.opaque` of the new one.
 *
 * @see https://docs.kernel.org/filesystems/overlayfs.html ("whiteouts and opaque directories")
 * @module
 */
import { S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../linux/file.ts";
import { readDirectory } from "./directory.ts";
import type { OwnedFd } from "./fd.ts";
import {
  attributeOf,
  DOT,
  haveSameContent,
  ITSELF,
  lookAt,
  type Name,
  type Node,
  openDirectoryIn,
  readLinkIn,
} from "./nodes.ts";

/** `unknown`: it is there, and could not be looked into. */
export type ChangeKind = "added" | "modified" | "deleted" | "unknown";

export interface Change {
  readonly kind: ChangeKind;
  /** Inside. A name that is not UTF-8 has U+FFFD where it is not. */
  readonly path: string;
  readonly node: "directory" | "file" | "link" | "other";
}

export interface Overlaid {
  /** Where it is inside. */
  readonly target: string;
  readonly lower: OwnedFd;
  readonly upper: OwnedFd;
}

/** More are not listed: a payload can make as many as it likes. */
export const CHANGES_MAX = 100_000;
/** Each level holds two descriptors. Deeper trees are not looked into, and said to be unknown. */
export const DEPTH_MAX = 200;

const NODES: ReadonlyMap<number, Change["node"]> = new Map([
  [S_IFDIR, "directory"],
  [S_IFREG, "file"],
  [S_IFLNK, "link"],
]);

const typeOf = ({ mode }: Node): number => mode & S_IFMT;
const isWhiteout = (node: Node): boolean => typeOf(node) === S_IFCHR && node.device.every((number) => number === 0);

/** Permissions, and what a node is in itself. Times are not compared: a look is enough to change one. */
const isSame = (name: Name, upper: Node, upperIn: OwnedFd, lower: Node, lowerIn: OwnedFd): boolean => {
  if (upper.mode !== lower.mode) return false;
  if (typeOf(upper) === S_IFLNK) return Buffer.compare(readLinkIn(upperIn, name), readLinkIn(lowerIn, name)) === 0;
  if (typeOf(upper) === S_IFREG) return upper.sizeBytes === lower.sizeBytes && haveSameContent(upperIn, lowerIn, name);
  return upper.device.every((number, index) => number === lower.device[index]);
};

/** Where a walk is. */
interface Level {
  /** Inside, without a slash behind. */
  readonly path: string;
  readonly upper: OwnedFd;
  /** What was there before; undefined where there was nothing. */
  readonly lower: OwnedFd | undefined;
  /** Nothing of the lower directory is seen through. */
  readonly opaque: boolean;
  readonly depth: number;
}

const key = (name: Name): string => Buffer.from(name).toString("latin1");

class Comparison {
  readonly changes: Change[] = [];

  note(kind: ChangeKind, path: string, node: Node): void {
    if (this.changes.length <= CHANGES_MAX) this.changes.push({ kind, path, node: NODES.get(typeOf(node)) ?? "other" });
  }

  /** Nothing more is looked at than can be listed. */
  get isFull(): boolean {
    return this.changes.length > CHANGES_MAX;
  }

  /** The directory itself has the permissions of the one below until somebody changes them. */
  top({ target: path, upper, lower }: Overlaid): void {
    const [now, before] = [lookAt(upper, ITSELF), lookAt(lower, ITSELF)];
    if (now === undefined || before === undefined) throw new Error(`the layers of ${path} are gone`);
    if (now.mode !== before.mode) this.note("modified", path, now);
    using top = openDirectoryIn(upper, DOT);
    using below = openDirectoryIn(lower, DOT);
    if (top && below) this.level({ path, upper: top, lower: below, opaque: false, depth: 0 });
    else this.note("unknown", path, now);
  }

  level(level: Level): void {
    const names = readDirectory(level.upper.number, level.path).map(({ name }) => name);
    for (const name of names) if (!this.isFull) this.#name(level, name);
    if (level.opaque && level.lower) this.#covered(level, level.lower, new Set(names.map(key)));
  }

  #name(level: Level, name: Name): void {
    const upper = lookAt(level.upper, name);
    if (upper === undefined) return;
    const path = `${level.path}/${new TextDecoder().decode(name)}`;
    const lower = level.lower && lookAt(level.lower, name);
    if (isWhiteout(upper)) {
      if (lower) this.note("deleted", path, lower);
      return;
    }
    if (lower && typeOf(lower) !== typeOf(upper)) this.note("deleted", path, lower);
    const before = lower && typeOf(lower) === typeOf(upper) ? lower : undefined;
    if (typeOf(upper) === S_IFDIR) this.#directory(level, name, path, upper, before);
    else if (before === undefined) this.note("added", path, upper);
    else if (level.lower && !isSame(name, upper, level.upper, before, level.lower)) this.note("modified", path, upper);
  }

  #directory(level: Level, name: Name, path: string, upper: Node, before: Node | undefined): void {
    if (before === undefined) this.note("added", path, upper);
    else if (before.mode !== upper.mode) this.note("modified", path, upper);
    using inner = level.depth < DEPTH_MAX ? openDirectoryIn(level.upper, name) : undefined;
    using lower = before && level.lower && openDirectoryIn(level.lower, name);
    if (inner === undefined || (before !== undefined && lower === undefined)) {
      this.note("unknown", path, upper);
      return;
    }
    const opaque = attributeOf(inner, "user.overlay.opaque") === "y";
    this.level({ path, upper: inner, lower, opaque, depth: level.depth + 1 });
  }

  /** What an opaque directory hides without a mark for each. */
  #covered(level: Level, lower: OwnedFd, kept: ReadonlySet<string>): void {
    for (const { name } of readDirectory(lower.number, level.path)) {
      if (this.isFull) return;
      const node = kept.has(key(name)) ? undefined : lookAt(lower, name);
      if (node) this.note("deleted", `${level.path}/${new TextDecoder().decode(name)}`, node);
    }
  }
}

export interface Changes {
  /** By path. */
  readonly changes: readonly Change[];
  /** There are more. */
  readonly truncated: boolean;
}

const comparePaths = (one: Change, other: Change): number => (one.path < other.path ? -1 : 1);

/** What differs below the overlays from what is below them. @throws CallError */
export const findChanges = (overlays: readonly Overlaid[]): Changes => {
  const comparison = new Comparison();
  for (const overlay of overlays) comparison.top(overlay);
  const { changes, isFull } = comparison;
  return { changes: changes.slice(0, CHANGES_MAX).sort(comparePaths), truncated: isFull };
};
