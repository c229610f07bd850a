/**
 * Who the payload is: ids inside, and the kernel's view of them.
 * @module
 */
import { type Host, type Identity, refuse } from "../../src/api.ts";
import { isAbsolute, isAtOrBelow, isNormal, PATH_BYTES_MAX } from "../path.ts";
import { NOBODY_ID, parseId, parseUser, USER_SYNTAX } from "./ids.ts";
import { callerLogin } from "./passwd.ts";

/** What a caller that is root becomes inside. */
const SANDBOX = { uid: 1000, gid: 1000, name: "sandbox", home: "/home/sandbox" } as const;
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

type Inside = Pick<Identity, "uid" | "gid" | "name" | "home" | "isDefault">;

/** Without any wish: an unprivileged caller is itself, root is somebody without rights. */
const defaultInside = (host: Host): Inside => {
  if (host.uid === 0) return SANDBOX;
  const login = callerLogin(host);
  const taken = login === undefined || [ROOT.name, NOBODY.name].includes(login.name as never);
  const name = taken ? "user" : login.name;
  const home = login && isHome(login.home) ? login.home : `/home/${name}`;
  return { uid: "caller", gid: "caller", name, home };
};

const byName = (name: string, own: Inside): Inside => {
  const known = [own, ROOT, NOBODY].find((candidate) => candidate.name === name);
  return (
    known ??
    refuse({
      code: "E_USER_UNKNOWN",
      message: `there is no user ${JSON.stringify(name)} in the sandbox`,
      hint: `its users are ${own.name}, ${ROOT.name} and ${NOBODY.name}; anybody else is a number: --user UID[:GID]`,
    })
  );
};

const byId = (uid: number, host: Host, own: Inside): Inside => {
  if (uid === ROOT.uid) return ROOT;
  if (uid === NOBODY.uid) return NOBODY;
  const isOwn = uid === (host.uid === 0 ? SANDBOX.uid : host.uid);
  return isOwn ? own : { uid, gid: own.gid, name: "user", home: "/home/user" };
};

/** The ids that the payload sees: its own, or those that `--user` chose. */
export const chooseInside = (user: string | undefined, host: Host): Inside => {
  const own = defaultInside(host);
  if (user === undefined) return { ...own, isDefault: true };
  const chosen = parseUser(user);
  if (chosen === undefined)
    return refuse({ code: "E_USER", message: `${JSON.stringify(user)} is no user`, hint: `allowed: ${USER_SYNTAX}` });
  if (chosen.kind === "name") return byName(chosen.name, own);
  const inside = byId(chosen.uid, host, own);
  return { ...inside, gid: chosen.gid ?? inside.gid };
};

const UID_MAP = "/proc/self/uid_map";
const UID_MAP_BYTES_MAX = 4096;

/** Whether id 0 of our user namespace is somebody else's id outside: then being root here is no right over the host. */
const isRootOfContainer = (host: Host): boolean =>
  (host.readText(UID_MAP, UID_MAP_BYTES_MAX) ?? "").split("\n").some((line) => {
    const [inside, outside] = line.trim().split(/\s+/);
    return inside === "0" && outside !== undefined && (parseId(outside) ?? 0) !== 0;
  });

/** Host root is never mapped: a launcher that root runs takes an unprivileged id of the sandbox's own (security.md, row 39). */
export const outsideOf = (host: Host): Identity["outside"] => {
  if (host.uid !== 0) return "caller";
  if (host.mayMapIds) return "own";
  if (isRootOfContainer(host)) return "caller";
  return refuse({
    code: "E_USERNS_ROOT",
    message: "this root may not give the sandbox an unprivileged id of its own, and host root is never mapped",
    hint: "run as an unprivileged user, or with CAP_SETUID, CAP_SETGID and CAP_SYS_ADMIN",
  });
};

/** `--userns host`: the payload is the caller, which is root. */
export const hostIdentity = (user: string | undefined, host: Host): Identity => {
  if (host.uid !== 0)
    return refuse({
      code: "E_USERNS_HOST",
      message: "only root can run a payload without a user namespace",
      hint: "leave out --userns host: an unprivileged caller is itself inside",
    });
  if (user !== undefined)
    return refuse({
      code: "E_USERNS_HOST",
      message: "--user chooses ids inside a user namespace, and --userns host makes none",
      hint: "leave out one of the two",
    });
  return { ...ROOT, gid: host.gid, outside: "host" };
};
