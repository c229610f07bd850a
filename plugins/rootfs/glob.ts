/**
 * Glob patterns over paths, one component at a time, so that a walk goes only where something can match.
 *
 * `*` and `?` stand for characters of one name, `[a-z]` and `[!a-z]` for one of them, `**` for any number of whole names. A leading dot
 * is a character like every other: what is hidden from a listing is what masks are for.
 * @module
 */

/** What one name must be; `**` is any number of names. */
type Segment = "**" | { readonly pattern: RegExp; readonly literal: string | undefined };

export type Glob = readonly Segment[];

/** Indexes of the segments that may come next; the number of segments: all of them have been matched. */
export type States = ReadonlySet<number>;

const SPECIAL = /[*?[\]]/;

export const isPattern = (text: string): boolean => SPECIAL.test(text);

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** `[a-z]`, `[!a-z]`, `*`, `?`, or anything else. */
const TOKENS = /\[(!?)((?:\][^\]]*|[^\]]+))\]|\*+|\?|[^*?[]+|\[/gs;

const toRegExp = (name: string): RegExp => {
  const source = name.replace(TOKENS, (token, not: string | undefined, set: string | undefined) => {
    if (set !== undefined) return `[${not === "!" ? "^" : ""}${set.replace(/[\\\]^[]/g, "\\$&")}]`;
    if (token.startsWith("*")) return ".*";
    return token === "?" ? "." : escaped(token);
  });
  return new RegExp(`^${source}$`, "su");
};

const toSegment = (name: string): Segment =>
  name === "**" ? "**" : { pattern: toRegExp(name), literal: isPattern(name) ? undefined : name };

const names = (text: string): readonly string[] => text.split("/").filter((name) => name !== "");

/** What is wrong with a pattern, or undefined. */
export const globProblem = (text: string): string | undefined => {
  if (names(text).length === 0) return "a mask names something below /";
  if (names(text).some((name) => name === "." || name === "..")) return "a mask has no . or .. in it";
  if (/[\0-\x1f\x7f]/.test(text)) return "a mask has no control characters";
  try {
    parseGlob(text);
    return undefined;
  } catch {
    return "a range of characters in it goes backwards";
  }
};

/** Of a text that {@link globProblem} found nothing wrong with. A slash in front means nothing here. */
export const parseGlob = (text: string): Glob => names(text).map(toSegment);

/** `**` may also stand for nothing. */
const closed = (glob: Glob, states: Iterable<number>): States => {
  const all = new Set(states);
  for (const state of all) if (glob[state] === "**") all.add(state + 1);
  return all;
};

export const start = (glob: Glob): States => closed(glob, [0]);

const after = (segment: Segment | undefined, state: number, name: string): readonly number[] => {
  if (segment === undefined) return [];
  if (segment === "**") return [state];
  return segment.pattern.test(name) ? [state + 1] : [];
};

/** Where one more name leads; empty: nowhere. */
export const step = (glob: Glob, states: States, name: string): States =>
  closed(
    glob,
    [...states].flatMap((state) => after(glob[state], state, name)),
  );

export const isMatch = (glob: Glob, states: States): boolean => states.has(glob.length);

/** The names that may come next, where they are known without a look; undefined where a directory must be listed. */
export const literalsOf = (glob: Glob, states: States): readonly string[] | undefined => {
  const next = [...states].flatMap((state) => glob[state] ?? []);
  const literals = next.map((segment) => (segment === "**" ? undefined : segment.literal));
  return literals.every((literal) => literal !== undefined) ? literals : undefined;
};
