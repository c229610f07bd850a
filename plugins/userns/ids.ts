/**
 * User and group ids as people write them.
 *
 * Strict on purpose: an id that wraps around, `-1` (which setuid(2) reads as "no change") or a number that is looked up as a name have
 * all been ways to become root (CVE-2016-3697, CVE-2024-40635).
 * @module
 */
import { type Extent, ID_MAX, parseId } from "../../src/api.ts";

export { ID_MAX, parseId };

/** The overflow id, as in /proc/sys/kernel/overflowuid: what every id that is not mapped looks like. */
export const NOBODY_ID = 65_534;

/** A number is never looked up as a name, and a name never starts with a digit. */
export type IdOrName = { readonly kind: "id"; readonly id: number } | { readonly kind: "name"; readonly name: string };

export interface UserChoice {
  readonly user: IdOrName;
  readonly group: IdOrName | undefined;
}

/** Bytes; useradd(8) has the same limit. */
export const LOGIN_NAME_BYTES_MAX = 32;

export const isLoginName = (name: string): boolean =>
  name.length <= LOGIN_NAME_BYTES_MAX && /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name);

const NUMBER = `decimal, 0 to ${ID_MAX}`;

export const USER_SYNTAX = `UID or a name, and :GID or :NAME of a group behind it (numbers: ${NUMBER})`;
export const GROUP_SYNTAX = `GID (${NUMBER}) or a name`;
export const MAP_SYNTAX = "IN:OUT:COUNT";

export const parseIdOrName = (text: string): IdOrName | undefined => {
  if (isLoginName(text)) return { kind: "name", name: text };
  const id = parseId(text);
  return id === undefined ? undefined : { kind: "id", id };
};

/** `1000`, `1000:1000`, `nobody` or `www-data:adm`. Whether a name exists is not known here. */
export const parseUser = (text: string): UserChoice | undefined => {
  const [userText = "", groupText, ...rest] = text.split(":");
  const user = parseIdOrName(userText);
  const group = groupText === undefined ? undefined : parseIdOrName(groupText);
  if (user === undefined || rest.length > 0 || (groupText !== undefined && group === undefined)) return undefined;
  return { user, group };
};

const overflow = (side: string, first: number, count: number): string | undefined =>
  first + count - 1 > ID_MAX
    ? `the ids ${side} would go up to ${first + count - 1}, and ${ID_MAX} is the last there is`
    : undefined;

/** `IN:OUT:COUNT`; what is wrong, when it is text. */
export const parseExtent = (text: string): Extent | string => {
  const [insideText = "", outsideText = "", countText = "", ...rest] = text.split(":");
  if (rest.length > 0 || countText === "") return `it must be ${MAP_SYNTAX}`;
  const [inside, outside, count] = [parseId(insideText), parseId(outsideText), parseId(countText)];
  if (inside === undefined || outside === undefined || count === undefined)
    return `it must be ${MAP_SYNTAX}, three numbers (${NUMBER})`;
  if (count === 0) return "a count of 0 maps nothing";
  return overflow("inside", inside, count) ?? overflow("outside", outside, count) ?? { inside, outside, count };
};
