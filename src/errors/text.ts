/**
 * Text from outside inside of our sentences: escaped, quoted, compared.
 * @module
 */

const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  if (character === "\u001b") return "\\e";
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
};

/**
 * The text with control characters and invisible formatting (bidirectional marks) escaped, so that a value never moves the
 * cursor or changes what stands beside it. `newlines`: keep line breaks, for sentences of our own.
 */
export const printable = (text: string, { newlines = false } = {}): string =>
  text.replace(CONTROL, (character) => (newlines && character === "\n" ? character : escaped(character)));

/** A value in quotation marks: `"a\nb"`. */
export const quoted = (value: string): string => `"${printable(value).replaceAll('"', '\\"')}"`;

/** `a`, `a or b`, `a, b or c`. */
export const oneOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;

/** How many characters must be inserted, removed, replaced or swapped with their neighbour (optimal string alignment). */
export const editDistance = (left: string, right: string): number => {
  const [a, b] = [[...left], [...right]];
  let [beforeLast, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, b.length);
};

const at = (row: readonly number[] | undefined, column: number): number => row?.[column] ?? Infinity;

/** The candidate that was probably meant; undefined where none is near: at most a third of the characters differ. */
export const nearest = (name: string, candidates: readonly string[]): string | undefined => {
  const distances = candidates.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }));
  const [best] = distances.sort((one, other) => one.distance - other.distance);
  return best && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined;
};

/** `did you mean X?` or the fallback. */
export const suggestion = (name: string, candidates: readonly string[], fallback: string): string => {
  const near = nearest(name, candidates);
  return near === undefined ? fallback : `did you mean ${near}?`;
};
