/**
 * Errors of mounts that a supervisor makes for its sandbox.
 * @module
 */
import { BunkerError } from "../errors.ts";
import { errnoName, errnos, errnoText } from "../linux/errno.ts";
import { quoted } from "./text.ts";

const { EINVAL, EPERM } = errnos;

const WHY: Readonly<Record<number, string>> = {
  [EINVAL]:
    "its file system, or one that is mounted below, cannot be idmapped: ext4, xfs, btrfs and tmpfs can, overlayfs and NFS cannot",
  [EPERM]:
    "it takes root of the user namespace that mounted the file system, so outside of containers, and a mount that is not idmapped yet",
};

const WITHOUT =
  "without: a volume has no idmap unless it is asked for; an overlay is started by the owner of its files";

/** The kernel, or a file system, does not do it. */
export const idmapFailed = (path: string, errno: number): BunkerError =>
  new BunkerError({
    code: "E_IDMAP",
    message: `idmap of ${quoted(path)}: ${errnoName(errno)}, ${errnoText(errno)}`,
    hint: `${WHY[errno] === undefined ? "" : `${WHY[errno]};\n`}${WITHOUT}`,
    details: { path, errno, errnoName: errnoName(errno) },
  });

/** Writable, root's, and open to others. */
export const idmapOfRoot = (path: string): BunkerError =>
  new BunkerError({
    code: "E_IDMAP_ROOT",
    message: `${quoted(path)} is root's, and others can get there: what the sandbox writes would be root's too, setuid programs included`,
    hint: "give it another owner (chown), make it read-only, or keep it in a directory that only root may enter (chmod 700)",
    details: { path },
  });
