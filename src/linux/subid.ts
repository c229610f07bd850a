/**
 * Subordinate ids: who may map which ids, as /etc/subuid and /etc/subgid say.
 *
 * @see https://man7.org/linux/man-pages/man5/subuid.5.html
 * @module
 */
import { ID_MAX, parseId } from "./idmap.ts";

export interface SubordinateIds {
  /** A login name, or a user id in decimal. */
  readonly owner: string;
  readonly first: number;
  readonly count: number;
}

const parseLine = (line: string): SubordinateIds | undefined => {
  const [owner = "", firstText = "", countText = "", ...rest] = line.trim().split(":");
  const [first, count] = [parseId(firstText), parseId(countText)];
  if (owner === "" || first === undefined || count === undefined || rest.length > 0) return undefined;
  return count > 0 && first + count - 1 <= ID_MAX ? { owner, first, count } : undefined;
};

/** A line that is not exactly three fields, the last two of them decimal, gives nobody anything. */
export const parseSubids = (text: string): readonly SubordinateIds[] =>
  text
    .split("\n")
    .map(parseLine)
    .filter((line) => line !== undefined);
