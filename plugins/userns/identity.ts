/**
 * Who the payload is: ids inside, and the kernel's view of them, where one id is mapped.
 * @module
 */
import { type Host, type Identity, readMap, refuse, toInside } from "../../src/api.ts";
import { isAbsolute, isAtOrBelow, isNormal, PATH_BYTES_MAX } from "../path.ts";
import { type Accounts, accountsIn, type Inside, ownAccounts } from "./accounts.ts";
import { NOBODY_ID, parseUser, USER_SYNTAX } from "./ids.ts";
import { callerLogin } from "./passwd.ts";

/** What a caller that is root becomes inside, and whoever has many ids. */
export const SANDBOX = { uid: 1000, gid: 1000, name: "sandbox", home: "/home/sandbox" } as const;
const ROOT = { uid: 0, gid: 0, name: "root", home: "/root" } as const;
const NOBODY = { uid: NOBODY_ID, gid: NOBODY_ID, name: "nobody", home: "/home/nobody" } as const;

/** Places where a home would hide, or be hidden by, something that the sandbox puts there. */
const NO_HOME = [
  "/usr",
  "/etc",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/proc",
  "/dev",
  "/sys",
  "/run",
  "/tmp",
  "/var/tmp",
];

const isHome = (path: string): boolean =>
  isAbsolute(path) &&
  isNormal(path) &&
  path !== "/" &&
  Buffer.byteLength(path) <= PATH_BYTES_MAX &&
  !/[\0-\x1f\x7f:]/.test(path) &&
  !NO_HOME.some((taken) => isAtOrBelow(path, taken) || isAtOrBelow(taken, path));

/** Without any wish: an unprivileged caller is itself, root is somebody without rights. */
export const defaultInside = (host: Host): Inside => {
  if (host.uid === 0) return SANDBOX;
  const login = callerLogin(host);
  const taken = login === undefined || [ROOT.name, NOBODY.name].includes(login.name as never);
  const name = taken ? "user" : login.name;
  const home = login && isHome(login.home) ? login.home : `/home/${name}`;
  return { uid: "caller", gid: "caller", name, home };
};

/** `own`: who the payload is by default; `directory`: of `--rootfs`. */
export const accountsOf = (own: Inside, directory: string | undefined, host: Host): Accounts =>
  directory === undefined ? ownAccounts([own, ROOT, NOBODY]) : accountsIn(directory, host);

const byId = (uid: number, host: Host, own: Inside): Inside => {
  if (uid === ROOT.uid) return ROOT;
  if (uid === NOBODY.uid) return NOBODY;
  const isOwn = uid === (own.uid === "caller" ? host.uid : own.uid);
  return isOwn ? own : { uid, gid: own.gid, name: "user", home: "/home/user" };
};

export interface InsideOptions {
  readonly user: string | undefined;
  /** Who the payload is by default. */
  readonly own: Inside;
  readonly accounts: Accounts;
}

/** The ids that the payload sees: its own, or those that `--user` chose. */
export const chooseInside = ({ user: text, own, accounts }: InsideOptions, host: Host): Inside => {
  if (text === undefined) return { ...own, isDefault: true };
  const chosen = parseUser(text);
  if (chosen === undefined)
    return refuse({ code: "E_USER", message: `${JSON.stringify(text)} is no user`, hint: `allowed: ${USER_SYNTAX}` });
  const { user, group } = chosen;
  const inside = user.kind === "name" ? accounts.user(user.name) : byId(user.id, host, own);
  if (group === undefined) return inside;
  return { ...inside, gid: group.kind === "name" ? accounts.group(group.name) : group.id };
};

const MAP_FILE_BYTES_MAX = 16 * 1024;

/** Our own id that is root of the host; undefined where there is none here. What the kernel does not tell is taken for the worst. */
export const hostRootId = (which: "uid" | "gid", host: Host): number | undefined => {
  const text = host.readText(`/proc/self/${which}_map`, MAP_FILE_BYTES_MAX);
  return text === undefined ? 0 : toInside(readMap(text), 0);
};

/** Host root is never mapped: a launcher that root runs takes an unprivileged id of the sandbox's own (security.md, row 39). */
export const outsideOf = (host: Host): Identity["outside"] => {
  if (host.uid !== 0) return "caller";
  if (host.mayMapIds) return "own";
  // In a container id 0 may be somebody else's outside: then being root here is no right over the host.
  if (hostRootId("uid", host) !== 0) return "caller";
  return refuse({
    code: "E_USERNS_ROOT",
    message: "this root may not give the sandbox an unprivileged id of its own, and host root is never mapped",
    hint: "run as an unprivileged user, or with CAP_SETUID, CAP_SETGID and CAP_SYS_ADMIN",
  });
};

/** `--userns host`: the payload is the caller, which is root. `chosen`: flags that need a user namespace. */
export const hostIdentity = (chosen: readonly string[], host: Host): Identity => {
  if (host.uid !== 0)
    return refuse({
      code: "E_USERNS_HOST",
      message: "only root can run a payload without a user namespace",
      hint: "leave out --userns host: an unprivileged caller is itself inside",
    });
  const [flag] = chosen;
  if (flag !== undefined)
    return refuse({
      code: "E_USERNS_HOST",
      message: `${flag} is for a user namespace, and --userns host makes none`,
      hint: "leave out one of the two",
    });
  return { ...ROOT, gid: host.gid, outside: "host" };
};
