/**
 * Whether the directory that the caller is in can be shown to the sandbox.
 *
 * It is what people expect, and must not become a way to share by accident what the default policy keeps out: a whole home, the
 * sockets of /run, the host's /etc.
 * @module
 */
import type { Host } from "../../src/api.ts";
import { isAtOrBelow, parentOf } from "../path.ts";
import { callerLogin } from "../userns/passwd.ts";

/** They and everything in them stay the host's. */
const CLOSED_TREES = ["/proc", "/sys", "/dev", "/run", "/etc", "/boot"];
/** A directory in them is fine, they themselves are not. */
const CLOSED = ["/", "/usr", "/tmp", "/var", "/var/tmp", "/root", "/home", "/opt", "/srv", "/mnt", "/media"];

const homesOf = (host: Host): readonly string[] =>
  [callerLogin(host)?.home, host.environment.HOME, host.environment.SUDO_HOME]
    .filter((home) => home?.startsWith("/") && host.nodeType(home) === "directory")
    .map((home) => host.realPath(home as string));

/** Why not, as the end of a sentence; undefined where it can. `cwd` is without links. */
export const whyNotShared = (cwd: string, host: Host): string | undefined => {
  const closed = CLOSED_TREES.find((top) => isAtOrBelow(cwd, top)) ?? CLOSED.find((path) => path === cwd);
  if (closed !== undefined) return `${closed} of the host stays outside`;
  // Under sudo HOME is root's, and the directory is still somebody's home.
  if (parentOf(cwd) === "/home") return "it is a home directory";
  return homesOf(host).some((home) => isAtOrBelow(home, cwd)) ? "it is or holds your home directory" : undefined;
};
