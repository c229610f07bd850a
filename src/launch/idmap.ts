/**
 * Idmapped mounts: the files of a source's owner are the payload's, in this mount and nowhere else.
 *
 * What root starts has an id of its own outside, which owns nothing. So of a volume with `idmap`, and of the layers of an overlay, the
 * owner of the directory itself becomes that id, for its uid and its gid; all other owners are nobody inside. It takes CAP_SYS_ADMIN
 * over the user namespace that the file system was mounted in: root, outside of containers; so that it is done here, with the
 * descriptor of a mount that is nowhere yet, while the launcher, which has the same, waits.
 *
 * Root's own files: whoever owns a file may make it setuid, and what is written here is on the host. Where anybody but root could
 * execute that, a writable mount of root's files is refused.
 *
 * @see https://man7.org/linux/man-pages/man2/mount_setattr.2.html ("ID-mapped mounts")
 * @module
 */
import { ptr } from "bun:ffi";
import { idmapFailed, idmapOfRoot } from "../errors/mounts.ts";
import { AT_EMPTY_PATH, AT_FDCWD, AT_RECURSIVE } from "../linux/file.ts";
import { MOUNT_ATTR_IDMAP, mountAttr } from "../linux/mount.ts";
import { cString, type OwnedFd } from "./fd.ts";
import { mustCall, tryCall } from "./libc.ts";
import type { PreparedSource } from "./prepared.ts";
import { type OneId, openUserNamespace } from "./user-namespace.ts";

const STATX_BASIC = 0x7ff;

interface Owner extends OneId {
  readonly mode: number;
}

/** Of a path below a descriptor, or of the descriptor itself. @throws CallError */
const ownerOf = (fd: number, path: string): Owner => {
  const [name, found] = [cString(path), new DataView(new ArrayBuffer(256))];
  mustCall(`statx(${JSON.stringify(path)})`, "statx", fd, ptr(name), AT_EMPTY_PATH, STATX_BASIC, ptr(found));
  return { uid: found.getUint32(20, true), gid: found.getUint32(24, true), mode: found.getUint16(28, true) };
};

const SEARCH_OF_OTHERS = 0o011;
const isClosed = ({ uid, mode }: Owner): boolean => uid === 0 && (mode & SEARCH_OF_OTHERS) === 0;

/** Whether nobody but root can get to what is in a directory: it, or one that it lies in, is closed to all others. */
const isOfRootAlone = (directory: string): boolean =>
  isClosed(ownerOf(AT_FDCWD, directory)) ||
  (directory !== "/" && isOfRootAlone(directory.slice(0, directory.lastIndexOf("/")) || "/"));

const mapOne = (fd: OwnedFd, { path, idmap }: PreparedSource, outside: OneId): void => {
  const owner = ownerOf(fd.number, "");
  const isOfRoot = owner.uid === 0 || owner.gid === 0;
  if (isOfRoot && idmap?.writableIn !== undefined && !isOfRootAlone(idmap.writableIn)) throw idmapOfRoot(path);
  using namespace = openUserNamespace(owner, outside);
  const [name, attributes] = [cString(""), mountAttr(MOUNT_ATTR_IDMAP, namespace.number)];
  const bits = AT_EMPTY_PATH | AT_RECURSIVE;
  const result = tryCall("mount_setattr", fd.number, ptr(name), bits, ptr(attributes), attributes.length);
  if (result < 0) throw idmapFailed(path, -result);
};

/** Before the launcher is released: it has these mounts too. `outside`: the kernel's view of the payload. @throws BunkerError */
export const mapSources = (opened: readonly OwnedFd[], sources: readonly PreparedSource[], outside: OneId): void => {
  for (const [index, source] of sources.entries()) {
    const fd = opened[index];
    if (fd && source.idmap) mapOne(fd, source, outside);
  }
};
