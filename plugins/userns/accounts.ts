/**
 * Whom the names of `--user` and `--group-add` mean: the sandbox's own accounts.
 *
 * With `--rootfs` those are in the directory's /etc/passwd and /etc/group. The directory is somebody else's work: the files are looked
 * up as they will be seen inside, where no link leads out (Host.readTextIn), and what they say is checked as if the
 * payload had written it.
 * @module
 */
import { type Host, type Identity, refuse } from "../../src/api.ts";
import { isAbsolute, isNormal, PATH_BYTES_MAX, resolveFrom } from "../path.ts";
import { PASSWD_BYTES_MAX, parseGroups, parsePasswd } from "./passwd.ts";

/** Who the payload is, inside. */
export type Inside = Pick<Identity, "uid" | "gid" | "name" | "home" | "isDefault">;

export interface Accounts {
  /** @throws BunkerError where there is none of that name */
  user(name: string): Inside;
  /** @throws BunkerError where there is none of that name */
  group(name: string): Identity["gid"];
}

const unknown = (what: "user" | "group", name: string, where: string, hint: string): never =>
  refuse({
    code: what === "user" ? "E_USER_UNKNOWN" : "E_GROUP_UNKNOWN",
    message: `there is no ${what} ${JSON.stringify(name)} in ${where}`,
    hint,
  });

/** The accounts of the /etc/passwd and /etc/group that are written for the sandbox (plugins/rootfs/etc.ts). */
export const ownAccounts = (users: readonly Inside[]): Accounts => ({
  user: (name) =>
    users.find((one) => one.name === name) ??
    unknown(
      "user",
      name,
      "the sandbox",
      `its users are ${users.map((one) => one.name).join(", ")}; anybody else is a number: --user UID[:GID]`,
    ),
  group(name) {
    const groups = users.map((one) => [one.name === "nobody" ? "nogroup" : one.name, one.gid] as const);
    const found = groups.find(([one]) => one === name);
    const names = groups.map(([one]) => one).join(", ");
    return found?.[1] ?? unknown("group", name, "the sandbox", `its groups are ${names}; any other is a number`);
  },
});

/** Nothing of the sandbox's own is mounted there, so that it need not be a place for that; only a path that means one thing. */
const homeFrom = (home: string): string =>
  isAbsolute(home) && isNormal(home) && Buffer.byteLength(home) <= PATH_BYTES_MAX && !/[\0-\x1f\x7f]/.test(home)
    ? home
    : "/";

/** `directory`: as the user has written it. */
export const accountsIn = (directory: string, host: Host): Accounts => {
  const text = (file: string): string => {
    const found = host.readTextIn(resolveFrom(host.cwd, directory), file, PASSWD_BYTES_MAX);
    if (found !== undefined) return found;
    return refuse({
      code: "E_ROOTFS_ACCOUNTS",
      message: `names cannot be looked up: ${JSON.stringify(directory)} has no readable /${file}`,
      hint: `it must be a regular file of at most ${PASSWD_BYTES_MAX} bytes in that directory; or use numbers: --user UID[:GID]`,
    });
  };
  const where = (file: string): string => `/${file} of ${JSON.stringify(directory)}`;
  return {
    user(name) {
      const found = parsePasswd(text("etc/passwd")).find((one) => one.name === name);
      if (found === undefined) return unknown("user", name, where("etc/passwd"), "or use a number: --user UID[:GID]");
      return { ...found, home: homeFrom(found.home) };
    },
    group: (name) =>
      parseGroups(text("etc/group")).find((one) => one.name === name)?.gid ??
      unknown("group", name, where("etc/group"), "or use a number"),
  };
};
