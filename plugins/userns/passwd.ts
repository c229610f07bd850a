/**
 * The host's /etc/passwd, read strictly: only to learn what the caller is called and where its home is.
 *
 * The name service (getpwnam and what it loads) is not used: it runs code of the host's configuration.
 *
 * @see https://man7.org/linux/man-pages/man5/passwd.5.html
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

const PASSWD = "/etc/passwd";
export const PASSWD_BYTES_MAX = 1_048_576;

/** A line that is not exactly seven fields with decimal ids names nobody. */
const parseLine = (line: string): Login | undefined => {
  const [name, , uidText, gidText, , home, , ...rest] = line.split(":");
  if (name === undefined || uidText === undefined || gidText === undefined || home === undefined) return undefined;
  const [uid, gid] = [parseId(uidText), parseId(gidText)];
  if (uid === undefined || gid === undefined || rest.length > 0 || !isLoginName(name)) return undefined;
  return line.split(":").length === 7 ? { name, uid, gid, home } : undefined;
};

export const parsePasswd = (text: string): readonly Login[] =>
  text
    .split("\n")
    .map(parseLine)
    .filter((login) => login !== undefined);

/** The caller's entry; undefined where the host has none, as for accounts that come over the network. */
export const callerLogin = (host: Host): Login | undefined =>
  parsePasswd(host.readText(PASSWD, PASSWD_BYTES_MAX) ?? "").find(({ uid }) => uid === host.uid);
