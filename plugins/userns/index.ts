/**
 * Own user namespace, and the identity of the payload in it.
 *
 * Errors the launcher can report from here:
 * - `EPERM` of clone(2): user namespaces are forbidden by a sysctl, an AppArmor restriction or the seccomp filter of an outer container.
 * - `ENOSPC`: /proc/sys/user/max_user_namespaces is reached, or 32 are nested.
 * - `EPERM` of the write to uid_map: the caller may not map this id.
 *
 * @see https://man7.org/linux/man-pages/man7/user_namespaces.7.html
 * @see https://man7.org/linux/man-pages/man1/newuidmap.1.html
 * @module
 */
import { definePlugin, type Host, type Identity, identity, namespace, note, refuse } from "../../src/api.ts";
import { rootDirectory } from "../rootfs/directory.ts";
import { type Config, config, flags } from "./config.ts";
import { accountsOf, chooseInside, defaultInside, hostIdentity, outsideOf } from "./identity.ts";

/** Flags that mean nothing without a user namespace. */
const needsNamespace = ({ user, groups, uidmap, gidmap, nested }: Config): readonly string[] => [
  ...(user === undefined ? [] : ["--user"]),
  ...(groups === undefined ? [] : ["--group-add"]),
  ...(uidmap === undefined ? [] : ["--uidmap"]),
  ...(gidmap === undefined ? [] : ["--gidmap"]),
  ...(nested === false ? ["--disable-userns"] : []),
];

/** One id is mapped. */
const single = ({ user, groups }: Config, directory: string | undefined, host: Host): Identity => {
  if (groups !== undefined)
    return refuse({
      code: "E_GROUP_ADD",
      message: `--group-add ${groups[0]}: one group is mapped, which the payload has, and no other can be given`,
      hint: "--userns auto maps 65536 of them, --gidmap those that you name",
    });
  const own = defaultInside(host);
  return { ...chooseInside({ user, own, accounts: accountsOf(own, directory, host) }, host), outside: outsideOf(host) };
};

const withRanges = async (section: Config, directory: string | undefined, host: Host): Promise<Config> => {
  const { rangedIdentity } = await import("./ranges.ts");
  const { mode, user, groups = [], uidmap = [], gidmap = [], mapHostRoot = false } = section;
  const options = { auto: mode === "auto", user, groups, uidmap, gidmap, mapHostRoot, directory };
  return { ...section, found: rangedIdentity(options, host) };
};

const resolve = (
  section: Config,
  host: Host,
  sections: Readonly<Record<string, unknown>>,
): Config | Promise<Config> => {
  const { mode, uidmap, gidmap } = section;
  if (mode === "host")
    return { ...section, found: { identity: hostIdentity(needsNamespace(section), host), notes: [] } };
  const directory = rootDirectory(sections);
  if (mode === "auto" || uidmap !== undefined || gidmap !== undefined) return withRanges(section, directory, host);
  return { ...section, found: { identity: single(section, directory, host), notes: [] } };
};

export default definePlugin<Config>({
  name: "userns",
  summary: "Own user namespace: who the payload is, inside and for the kernel",
  config,
  flags,
  resolve,

  *plan({ found, nested = false }) {
    if (found === undefined) throw new Error("userns: resolve runs before plan");
    const { outside } = found.identity;
    if (outside !== "host") yield namespace("user");
    yield identity(nested ? { ...found.identity, nested } : found.identity);
    if (outside === "host")
      yield note("--userns host: the payload is real root of the host, held by capabilities only.");
    if (nested) yield note("--allow-userns: the payload may make user namespaces, and has every capability in those.");
    for (const text of found.notes) yield note(text);
  },
});
