/**
 * Processes of the host, as /proc has them.
 * @module
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

export const allPids = (): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Pids of the processes that have this word among their arguments. Zombies have none. */
export const pidsWith = (word: string): readonly number[] =>
  allPids().filter((pid) => pid !== process.pid && read(`/proc/${pid}/cmdline`).split("\0").includes(word));

export const childrenOf = (pid: number): readonly number[] =>
  read(`/proc/${pid}/task/${pid}/children`)
    .trim()
    .split(" ")
    .filter((text) => text !== "")
    .map(Number);

/** A field of /proc/PID/status. */
export const statusOf = (pid: number, field: string): string =>
  new RegExp(`^${field}:[ \\t]*(.*)$`, "m").exec(read(`/proc/${pid}/status`))?.[1] ?? "";

/** `R`, `S`, `T` (stopped), `Z`; empty for a process that is gone. */
export const stateOf = (pid: number): string => statusOf(pid, "State")[0] ?? "";

export const isAlive = (pid: number): boolean => pid > 0 && !["", "Z", "X"].includes(stateOf(pid));

/** The lines of a /proc/PID/status, by their names. */
export const parseStatus = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/^(\w+):[ \t]*(.*)$/gm)].map(([, name = "", value = ""]) => [name, value.trim()]),
  );

/** The file that a process executes; empty for one that is gone, or not ours to ask. */
export const executableOf = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
};

/** What it has open, as links of /proc/PID/fd, with their numbers left out. */
export const openFilesOf = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/:\[\d+\]$/, "");
    } catch {
      return "";
    }
  });

/** Looks again and again until it is so, for at most a few seconds. */
export const eventually = async (holds: () => boolean, timeoutMs = 5000): Promise<boolean> => {
  for (const end = performance.now() + timeoutMs; performance.now() < end; await Bun.sleep(5)) if (holds()) return true;
  return holds();
};
