/**
 * What of the host's system every program needs to run, read-only: /usr, what used to be beside it, and a few files of /etc.
 *
 * What the host has as a link stays a link, where its target is in view: that is cheaper than a mount, and looks the same.
 * @module
 */
import type { Entry, Host } from "../../src/api.ts";
import { isAtOrBelow, normalise, parentOf, resolveFrom } from "../path.ts";
import { placeOf, waysTo } from "./layout.ts";

export type Bind = Extract<Entry, { type: "bind" }>;
type Link = Extract<Entry, { type: "symlink" }>;

const DIRECTORIES = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

const ETC = [
  // The dynamic linker: glibc, then musl.
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "ld-musl-x86_64.path",
  "ld-musl-aarch64.path",
  // Certificates, wherever a distribution keeps them; links between these resolve.
  "pki",
  "ca-certificates",
  "ssl/certs",
  "ssl/cert.pem",
  "ssl/openssl.cnf",
  // Debian: /usr/bin/awk is a link to here.
  "alternatives",
  "localtime",
  "timezone",
].map((name) => `/etc/${name}`);

const nodeOf = (host: Host, path: string): Bind["node"] => {
  const type = host.nodeType(path);
  return type === "directory" || type === "device" ? type : "file";
};

/** A bind of something that exists. */
export const bindOf = (host: Host, source: string, target: string, readOnly: boolean): Bind => ({
  target,
  type: "bind",
  source,
  node: nodeOf(host, source),
  readOnly,
});

const isInView = (path: string, view: readonly Entry[]): boolean =>
  view.some((entry) => entry.type === "bind" && isAtOrBelow(path, entry.source) && entry.source === entry.target);

/** Whether a link can stay one: where it points at first, and where it leads in the end, are both there. */
const leadsIntoView = (path: string, real: string, host: Host, view: readonly (Bind | Link)[]): boolean => {
  const first = resolveFrom(parentOf(path), host.readLink(path));
  return isInView(real, view) && (isInView(first, view) || view.some(({ target }) => target === first));
};

const show = (path: string, host: Host, view: readonly (Bind | Link)[]): readonly (Bind | Link)[] => {
  if (host.nodeType(path) === "missing") return [];
  const isLink = host.nodeType(path, { follow: false }) === "symlink";
  const real = isLink ? host.realPath(path) : path;
  if (isLink && leadsIntoView(path, real, host, view))
    return [{ target: path, type: "symlink", to: host.readLink(path) }];
  return [bindOf(host, real, path, true)];
};

/** In order: what a link leads to stands before the link. */
export const systemView = (host: Host): readonly (Bind | Link)[] => {
  const view: (Bind | Link)[] = [];
  for (const path of [...DIRECTORIES, ...ETC]) view.push(...show(path, host, view));
  return view;
};

/** As many as the kernel follows in a path: include/linux/namei.h. */
const LINKS_MAX = 40;

/** Where a link inside points to: one that the view makes, and with a host also one in what is shown of it. */
const linkAt = (path: string, entries: readonly Entry[], host: Host | undefined): string | undefined => {
  const made = entries.find((entry) => entry.type === "symlink" && entry.target === path);
  if (made?.type === "symlink") return made.to;
  const shown = host && placeOf(path, entries)?.path;
  return shown !== undefined && host?.nodeType(shown, { follow: false }) === "symlink"
    ? host.readLink(shown)
    : undefined;
};

/**
 * Where a path inside leads, by links of the view: `/bin/x` is `/usr/bin/x`. With a host also by those in the directories of `entries`:
 * of the system, or of a root directory. They are followed inside, and here alone: where the launcher finds a link it stops
 * (src/plan/lower/ground.ts). The last component is not followed.
 */
export const throughLinks = (path: string, entries: readonly Entry[], host?: Host, links = LINKS_MAX): string => {
  for (const way of waysTo(path).slice(0, -1)) {
    const to = linkAt(way, entries, host);
    if (to === undefined || links === 0) continue;
    return throughLinks(normalise(resolveFrom(parentOf(way), to) + path.slice(way.length)), entries, host, links - 1);
  }
  return path;
};
