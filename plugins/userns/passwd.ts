/**
 * Files of accounts, read strictly: /etc/passwd and /etc/group.
 *
 * The name service (getpwnam and what it loads) is not used: it runs code of the host's configuration.
 *
 * @see https://man7.org/linux/man-pages/man5/passwd.5.html
 * @see https://man7.org/linux/man-pages/man5/group.5.html
 * @module
 */
import type { Host } from "../../src/api.ts";
import { isLoginName, parseId } from "./ids.ts";

export interface Login {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
}

const PASSWD = "/etc/passwd";
export const PASSWD_BYTES_MAX = 1_048_576;

/** A line that is not exactly seven fields with decimal ids names nobody. */
const parseLogin = (line: string): Login | undefined => {
  const [name, , uidText, gidText, , home, , ...rest] = line.split(":");
  if (name === undefined || uidText === undefined || gidText === undefined || home === undefined) return undefined;
  const [uid, gid] = [parseId(uidText), parseId(gidText)];
  if (uid === undefined || gid === undefined || rest.length > 0 || !isLoginName(name)) return undefined;
  return line.split(":").length === 7 ? { name, uid, gid, home } : undefined;
};

/** The same with four fields. */
const parseGroup = (line: string): Group | undefined => {
  const [name = "", , gidText = "", , ...rest] = line.split(":");
  const gid = parseId(gidText);
  if (gid === undefined || rest.length > 0 || !isLoginName(name)) return undefined;
  return line.split(":").length === 4 ? { name, gid } : undefined;
};

const parseLines = <T>(text: string, parse: (line: string) => T | undefined): readonly T[] =>
  text.split("\n").flatMap((line) => parse(line) ?? []);

export const parsePasswd = (text: string): readonly Login[] => parseLines(text, parseLogin);
export const parseGroups = (text: string): readonly Group[] => parseLines(text, parseGroup);

/** The caller's entry; undefined where the host has none, as for accounts that come over the network. */
export const callerLogin = (host: Host): Login | undefined =>
  parsePasswd(host.readText(PASSWD, PASSWD_BYTES_MAX) ?? "").find(({ uid }) => uid === host.uid);
