/**
 * What of the host the sandboxes show: Bunker's default view, for those that have to be told.
 * @module
 */
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { homedir } from "node:os";

export const PAYLOAD = ["/bin/true"] as const;
export const SLEEP = ["/bin/sleep", "30"] as const;
export const TMPFS: readonly string[] = ["/tmp", "/run", homedir()];
export const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const MERGED = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"].filter((path) => existsSync(path));
const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();

export const LINKS: readonly (readonly [path: string, target: string])[] = MERGED.filter(isLink).map(
  (path) => [path, readlinkSync(path)] as const,
);

const ETC = ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ssl", "alternatives", "localtime", "nsswitch.conf"];

/** Directories and files, each read-only. */
export const VISIBLE: readonly string[] = [
  "/usr",
  ...MERGED.filter((path) => !isLink(path)),
  ...ETC.map((name) => `/etc/${name}`).filter((path) => existsSync(path)),
];
