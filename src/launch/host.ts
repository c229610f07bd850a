/**
 * This machine, as `resolve` sees it: synchronous looks at the file system, each made when it is asked for.
 * @module
 */

import { ptr } from "bun:ffi";
import { workingDirectoryGone } from "../errors/command.ts";
import { CAPABILITIES, CAPABILITY_DATA_BYTES, CAPABILITY_HEADER, MAPPING_CAPABILITIES } from "../linux/capability.ts";
import {
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  OPEN_BITS,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IROTH,
  TCGETS,
} from "../linux/file.ts";
import { ID_POOL_BASE, ID_POOL_SIZE, mapCovers } from "../linux/idpool.ts";
import { openHow, RESOLVE } from "../linux/mount.ts";
import type { DirectoryEntry, Host, NodeType } from "../plugin/host.ts";
import { type DirectoryBytes, readDirectory, typeBits } from "./directory.ts";
import { cString, OwnedFd } from "./fd.ts";
import { arch, mustCall, tryCall } from "./libc.ts";

const STATX_TYPE_AND_MODE = 0x3;
const STATX_BYTES = 256;
const STX_MODE_OFFSET_BYTES = 28;

/** `stx_mode` of `struct statx`, the same on every architecture; undefined where there is nothing, or no way to it. */
const modeOf = (path: string, flags = 0): number | undefined => {
  const [name, found] = [cString(path), new Uint8Array(STATX_BYTES)];
  if (tryCall("statx", AT_FDCWD, ptr(name), flags, STATX_TYPE_AND_MODE, ptr(found)) < 0) return undefined;
  return (found[STX_MODE_OFFSET_BYTES] as number) | ((found[STX_MODE_OFFSET_BYTES + 1] as number) << 8);
};

const TYPES: ReadonlyMap<number, NodeType> = new Map([
  [S_IFDIR, "directory"],
  [S_IFREG, "file"],
  [S_IFLNK, "symlink"],
  [S_IFCHR, "device"],
  [S_IFBLK, "device"],
]);

const nodeType: Host["nodeType"] = (path, { follow = true } = {}) => {
  const mode = modeOf(path, follow ? 0 : AT_SYMLINK_NOFOLLOW);
  return mode === undefined ? "missing" : (TYPES.get(mode & S_IFMT) ?? "other");
};

const typeOf = (path: string, { name, type }: DirectoryBytes): DirectoryEntry => {
  const text = new TextDecoder().decode(name);
  return { name: text, type: TYPES.get(typeBits(type)) ?? nodeType(`${path}/${text}`, { follow: false }) };
};

const compareNames = (one: DirectoryEntry, other: DirectoryEntry): number => (one.name < other.name ? -1 : 1);

const list: Host["list"] = (path) => {
  const name = cString(path);
  const opened = tryCall("openat", AT_FDCWD, ptr(name), OPEN_BITS[arch].O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return undefined;
  using fd = new OwnedFd(opened);
  return readDirectory(fd.number, path)
    .map((one) => typeOf(path, one))
    .sort(compareNames);
};

const X_OK = 1;

const mayExecute: Host["mayExecute"] = (path) => {
  const name = cString(path);
  return tryCall("faccessat", AT_FDCWD, ptr(name), X_OK) === 0;
};

const openToAll: Host["openToAll"] = (path) => {
  const mode = modeOf(path) ?? 0;
  return (mode & S_IFMT) === S_IFREG && (mode & S_IROTH) !== 0;
};

const PATH_BYTES_MAX = 4096;

const readLink: Host["readLink"] = (path) => {
  const [name, target] = [cString(path), new Uint8Array(PATH_BYTES_MAX)];
  const size = mustCall(
    `readlink(${JSON.stringify(path)})`,
    "readlinkat",
    AT_FDCWD,
    ptr(name),
    ptr(target),
    target.length,
  );
  return new TextDecoder().decode(target.subarray(0, size));
};

/** The kernel's own resolution: what it opened is what /proc says of the descriptor. */
const realPath: Host["realPath"] = (path) => {
  const name = cString(path);
  using fd = new OwnedFd(mustCall(`open(${JSON.stringify(path)})`, "openat", AT_FDCWD, ptr(name), O_PATH | O_CLOEXEC));
  return readLink(`/proc/self/fd/${fd.number}`);
};

/** Not more than `bytesMax` bytes are read. O_NONBLOCK: a FIFO that was put there does not hold us. */
const read = (path: string, bytesMax: number): { readonly text: string; readonly whole: boolean } | undefined => {
  if (nodeType(path) !== "file") return undefined;
  const name = cString(path);
  const opened = tryCall("openat", AT_FDCWD, ptr(name), O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (opened < 0) return undefined;
  using fd = new OwnedFd(opened);
  // What was looked at may be something else by now: only what was opened counts.
  if (nodeType(`/proc/self/fd/${fd.number}`) !== "file") return undefined;
  return readFully(fd.number, bytesMax);
};

const CHUNK_BYTES = 16 * 1024;

/** Files of /proc are given out in pieces, and their size is not known before. */
const readFully = (fd: number, bytesMax: number): { readonly text: string; readonly whole: boolean } | undefined => {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, bytesMax + 1));
  let text = "";
  for (let size = 0; size <= bytesMax; ) {
    const count = tryCall("read", fd, ptr(chunk), Math.min(chunk.length, bytesMax + 1 - size));
    if (count < 0) return undefined;
    if (count === 0) return { text: text + decoder.decode(), whole: true };
    text += decoder.decode(chunk.subarray(0, Math.min(count, bytesMax - size)), { stream: true });
    size += count;
  }
  return { text, whole: false };
};

const readText: Host["readText"] = (path, bytesMax) => {
  const found = read(path, bytesMax);
  return found?.whole ? found.text : undefined;
};

/** openat2(2) resolves the links as chroot(2) would, and those of /proc not at all. What is not there, or no regular file, is nothing. */
const readTextIn: Host["readTextIn"] = (directory, path, bytesMax) => {
  const [top, name] = [cString(directory), cString(path)];
  const opened = tryCall("openat", AT_FDCWD, ptr(top), O_PATH | OPEN_BITS[arch].O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return undefined;
  using root = new OwnedFd(opened);
  const how = openHow(O_PATH | O_CLOEXEC, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS);
  const found = tryCall("openat2", root.number, ptr(name), ptr(how), how.length);
  if (found < 0) return undefined;
  using fd = new OwnedFd(found);
  // Opened for reading once it is known to be a file: to open a device or a FIFO may do something already.
  return readText(`/proc/self/fd/${fd.number}`, bytesMax);
};

const readStart: Host["readStart"] = (path, bytesMax) => read(path, bytesMax)?.text;

/** 340 extents of three numbers, user_namespaces(7). */
export const MAP_BYTES_MAX = 16 * 1024;
/** What else {@link Host.mayMapIds} rests on. */
export const MAP_FILES = ["/proc/self/uid_map", "/proc/self/gid_map"] as const;

const hasPool = (file: string): boolean => mapCovers(readText(file, MAP_BYTES_MAX) ?? "", ID_POOL_BASE, ID_POOL_SIZE);

const hasMappingCapabilities = (): boolean => {
  const sets = new Uint32Array(CAPABILITY_DATA_BYTES / 4);
  if (tryCall("capget", ptr(CAPABILITY_HEADER), ptr(sets)) < 0) return false;
  const [effective = 0] = sets;
  return MAPPING_CAPABILITIES.every((name) => ((effective >>> CAPABILITIES.indexOf(name)) & 1) === 1);
};

const mayMapIds = (uid: number): boolean => uid === 0 && hasMappingCapabilities() && MAP_FILES.every(hasPool);

const currentDirectory = (): string => {
  try {
    return process.cwd();
  } catch {
    throw workingDirectoryGone();
  }
};

/** Whether a descriptor is a terminal: isatty(3), without the streams that node:tty brings. */
export const isTerminal = (fd: number): boolean => {
  const termios = new Uint8Array(64);
  return tryCall("ioctl", fd, TCGETS, ptr(termios)) === 0;
};

/** The host that this process runs on. */
export const createHost = (): Host => {
  const uid = process.geteuid?.() ?? 0;
  let mayMap: boolean | undefined;
  return {
    arch,
    uid,
    gid: process.getegid?.() ?? 0,
    cwd: currentDirectory(),
    executable: process.execPath,
    environment: process.env,
    get mayMapIds() {
      mayMap ??= mayMapIds(uid);
      return mayMap;
    },
    nodeType,
    list,
    mayExecute,
    openToAll,
    readLink,
    realPath,
    readText,
    readTextIn,
    readStart,
  };
};
