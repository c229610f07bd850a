/**
 * This machine, as `resolve` sees it: synchronous looks at the file system, each made when it is asked for.
 * @module
 */
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { workingDirectoryGone } from "../errors/command.ts";
import { CAPABILITIES, type CapabilityName } from "../linux/capability.ts";
import { ID_POOL_BASE, ID_POOL_SIZE, mapCovers } from "../linux/idpool.ts";
import type { Host, NodeType } from "../plugin/host.ts";

const typeOf = (stats: Stats): NodeType => {
  if (stats.isDirectory()) return "directory";
  if (stats.isFile()) return "file";
  if (stats.isSymbolicLink()) return "symlink";
  return stats.isCharacterDevice() || stats.isBlockDevice() ? "device" : "other";
};

const nodeType: Host["nodeType"] = (path, { follow = true } = {}) => {
  try {
    const stats = (follow ? statSync : lstatSync)(path, { throwIfNoEntry: false });
    return stats === undefined ? "missing" : typeOf(stats);
  } catch {
    return "missing";
  }
};

const mayExecute: Host["mayExecute"] = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const READ_BY_ALL = 0o004;
const SEARCH_BY_ALL = 0o005;

const openToAll: Host["openToAll"] = (path) => {
  try {
    const stats = statSync(path);
    const needed = stats.isDirectory() ? SEARCH_BY_ALL : READ_BY_ALL;
    return (stats.mode & needed) === needed;
  } catch {
    return false;
  }
};

/** Not more than `bytesMax` bytes are read. O_NONBLOCK: a FIFO that was put there does not hold us. */
const read = (path: string, bytesMax: number): { readonly text: string; readonly whole: boolean } | undefined => {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (!fstatSync(fd).isFile()) return undefined;
    const buffer = Buffer.allocUnsafe(bytesMax + 1);
    const size = readFully(fd, buffer);
    return { text: buffer.toString("utf8", 0, Math.min(size, bytesMax)), whole: size <= bytesMax };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

/** Files of /proc are given out in pieces. */
const readFully = (fd: number, buffer: Buffer): number => {
  let size = 0;
  while (size < buffer.length) {
    const count = readSync(fd, buffer, size, buffer.length - size, null);
    if (count === 0) break;
    size += count;
  }
  return size;
};

const readText: Host["readText"] = (path, bytesMax) => {
  const found = read(path, bytesMax);
  return found?.whole ? found.text : undefined;
};

const readStart: Host["readStart"] = (path, bytesMax) => read(path, bytesMax)?.text;

const STATUS_BYTES_MAX = 8 * 1024;
/** 340 extents of three numbers, user_namespaces(7). */
const MAP_BYTES_MAX = 16 * 1024;

/** What giving away ids takes: user_namespaces(7), "Defining user and group ID mappings". */
const MAPPING: readonly CapabilityName[] = ["SETUID", "SETGID", "SYS_ADMIN"];

/** The capabilities of {@link MAPPING} that this process does not have in its effective set. */
export const missingMappingCapabilities = (): readonly CapabilityName[] => {
  const status = readText("/proc/self/status", STATUS_BYTES_MAX) ?? "";
  // All three are among the first 32: the lower half of the mask holds them.
  const effective = Number.parseInt(/^CapEff:\t[0-9a-f]{8}([0-9a-f]{8})$/m.exec(status)?.[1] ?? "0", 16);
  return MAPPING.filter((name) => ((effective >>> CAPABILITIES.indexOf(name)) & 1) === 0);
};

const hasPool = (file: string): boolean => mapCovers(readText(file, MAP_BYTES_MAX) ?? "", ID_POOL_BASE, ID_POOL_SIZE);

const mayMapIds = (uid: number): boolean =>
  uid === 0 &&
  missingMappingCapabilities().length === 0 &&
  hasPool("/proc/self/uid_map") &&
  hasPool("/proc/self/gid_map");

const currentDirectory = (): string => {
  try {
    return process.cwd();
  } catch {
    throw workingDirectoryGone();
  }
};

/** The host that this process runs on. */
export const createHost = (): Host => {
  const uid = process.geteuid?.() ?? 0;
  let mayMap: boolean | undefined;
  return {
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
    mayExecute,
    openToAll,
    readLink: (path) => readlinkSync(path),
    realPath: (path) => realpathSync(path),
    readText,
    readStart,
  };
};
