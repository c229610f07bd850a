/**
 * Processes as the host's /proc shows them.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** Direct children, in the order in which they were made. */
export const childrenOf = (pid: number): readonly number[] =>
  read(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number);

/** The lines of /proc/PID/status, by their names; empty for a process that is gone. */
export const statusOf = (pid: number | "self"): Readonly<Record<string, string>> =>
  parseStatus(read(`/proc/${pid}/status`));

export const parseStatus = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/^(\w+):[ \t]*(.*)$/gm)].map(([, name = "", value = ""]) => [name, value.trim()]),
  );

/** `R`, `S`, `T` (stopped), `Z`; empty for a process that is gone. */
export const stateOf = (pid: number): string => statusOf(pid).State?.[0] ?? "";

export const isAlive = (pid: number): boolean => pid > 0 && !["", "Z", "X"].includes(stateOf(pid));

/** Kills what a failed test has left. @returns whether there was something */
export const killIfAlive = (pid: number): boolean => {
  if (!isAlive(pid)) return false;
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
  return true;
};

export const allPids = (): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Processes that were started with this word among their arguments. */
export const pidsWith = (word: string): readonly number[] =>
  allPids().filter((pid) => pid !== process.pid && read(`/proc/${pid}/cmdline`).split("\0").includes(word));

/** Waits for what comes soon. @returns whether it came */
export const waitUntil = async (holds: () => boolean, withinMs = 3000): Promise<boolean> => {
  for (const endMs = performance.now() + withinMs; performance.now() < endMs; await Bun.sleep(5))
    if (holds()) return true;
  return holds();
};
