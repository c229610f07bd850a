/**
 * Everything of the host's that a sandbox could leave behind.
 * @module
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { ID_POOL_BASE, ID_POOL_SIZE, ID_RANGE_FIRST, ID_RANGE_IDS, ID_RANGE_LAST } from "../../src/linux/idpool.ts";
import { allPids, eventually, executableOf, openFilesOf, pidsWith, statusOf } from "./processes.ts";
import { LOCK_FILE } from "./ranges.ts";

export interface HostState {
  /** Sandboxes of somebody else's: they are not what a test looks for. */
  readonly strangers: readonly number[];
  readonly mounts: string;
  readonly files: readonly string[];
  readonly ipc: string;
  readonly cgroups: number;
  /** Descriptors of this process, which has started the sandboxes, that lead to something of bunker's. */
  readonly descriptors: readonly string[];
}

const CACHE = "/run/bunker";
/** Compiled sandboxes are kept there for the next start, and no more of them than this. */
const CACHE_FILES_MAX = 64;

const list = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory).map((name) => `${directory}/${name}`);
  } catch {
    return [];
  }
};

const lines = (path: string): number => readFileSync(path, "utf8").split("\n").length;

const isOfBunker = (path: string): boolean => /memfd:bunker|bunker/.test(path);

/** Files of the temporary directories that carry its name; those of the tests themselves start with `bunker-test-`. */
const files = (): readonly string[] =>
  ["/tmp", "/dev/shm", "/run", "/var/tmp", "/dev/mqueue"]
    .flatMap(list)
    .filter((path) => isOfBunker(path) && !path.includes("bunker-test-") && path !== CACHE)
    .sort();

export const hostState = (): HostState => ({
  strangers: sandboxProcesses(),
  mounts: readFileSync("/proc/self/mountinfo", "utf8"),
  files: files(),
  ipc: ["shm", "sem", "msg"].map((kind) => lines(`/proc/sysvipc/${kind}`)).join(),
  cgroups: lines("/proc/cgroups"),
  descriptors: openFilesOf(process.pid).filter((target) => target.includes("memfd:bunker")),
});

const isOfPool = (pid: number): boolean => {
  try {
    const { uid } = statSync(`/proc/${pid}`);
    const isOfRange = uid >= ID_RANGE_FIRST && uid < ID_RANGE_LAST + ID_RANGE_IDS;
    return isOfRange || (uid >= ID_POOL_BASE && uid < ID_POOL_BASE + ID_POOL_SIZE);
  } catch {
    return false;
  }
};

const isOfSandbox = (pid: number): boolean => isOfPool(pid) || executableOf(pid).startsWith("/memfd:bunker");

/** What has lost its parent, or is a descendant of this process: not what somebody else runs at the same time. */
const isOurs = (pid: number): boolean => {
  const parent = Number(statusOf(pid, "PPid"));
  return parent <= 1 || parent === process.pid || (isOfSandbox(parent) && isOurs(parent));
};

/** Processes of sandboxes, by their ids or by what they execute. */
const sandboxProcesses = (): readonly number[] => allPids().filter((pid) => isOfSandbox(pid) && isOurs(pid));

/** Waits until no process of a sandbox is left that was not there before. @returns those that are, also by a word of theirs */
export const remaining = async (before: HostState, word: string): Promise<readonly number[]> => {
  const now = (): readonly number[] => [
    ...pidsWith(word),
    ...sandboxProcesses().filter((pid) => !before.strangers.includes(pid)),
  ];
  await eventually(() => now().length === 0);
  return now();
};

/** The rest of it: call it when {@link remaining} has found nothing. */
export const changes = (before: HostState): Partial<HostState> => {
  const now = hostState();
  const keys = (Object.keys(now) as (keyof HostState)[]).filter((key) => key !== "strangers");
  return Object.fromEntries(keys.filter((key) => !Bun.deepEquals(now[key], before[key])).map((key) => [key, now[key]]));
};

/** What is in the cache of compiled sandboxes and should not be: too many, or halves of one. */
export const cacheLeftovers = (): readonly string[] => {
  const kept = list(CACHE).filter((path) => path !== LOCK_FILE);
  return kept.length > CACHE_FILES_MAX ? kept : kept.filter((path) => !path.endsWith(".sandbox"));
};
