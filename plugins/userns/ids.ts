/**
 * User and group ids as people write them.
 *
 * Strict on purpose: an id that wraps around, `-1` (which setuid(2) reads as "no change") or a number that is looked up as a name have
 * all been ways to become root (CVE-2016-3697, CVE-2024-40635).
 * @module
 */

/** 2^32 - 1 is `(uid_t) -1` and names nobody. */
export const ID_MAX = 4_294_967_294;

/** The overflow id, as in /proc/sys/kernel/overflowuid: what every id that is not mapped looks like. */
export const NOBODY_ID = 65_534;

/** Strictly decimal: no sign, no blank, no leading zero. */
export const parseId = (text: string): number | undefined => {
  if (!/^(0|[1-9][0-9]{0,9})$/.test(text)) return undefined;
  const id = Number(text);
  return id <= ID_MAX ? id : undefined;
};

export type UserChoice =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "ids"; readonly uid: number; readonly gid: number | undefined };

/** Bytes; useradd(8) has the same limit. */
export const LOGIN_NAME_BYTES_MAX = 32;

export const isLoginName = (name: string): boolean =>
  name.length <= LOGIN_NAME_BYTES_MAX && /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name);

export const USER_SYNTAX = `UID, UID:GID (decimal, 0 to ${ID_MAX}) or a name`;

/** `1000`, `1000:1000` or `nobody`. Whether a name exists is not known here. */
export const parseUser = (text: string): UserChoice | undefined => {
  if (isLoginName(text)) return { kind: "name", name: text };
  const [uidText = "", gidText, ...rest] = text.split(":");
  const uid = parseId(uidText);
  const gid = gidText === undefined ? undefined : parseId(gidText);
  if (uid === undefined || rest.length > 0 || (gidText !== undefined && gid === undefined)) return undefined;
  return { kind: "ids", uid, gid };
};
