/**
 * Processes of the host, as /proc has them.
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

/** Pids of the processes that have this word among their arguments. Zombies have none. */
export const pidsWith = (word: string): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && read(`/proc/${pid}/cmdline`).split("\0").includes(word));

export const childrenOf = (pid: number): readonly number[] =>
  read(`/proc/${pid}/task/${pid}/children`)
    .trim()
    .split(" ")
    .filter((text) => text !== "")
    .map(Number);

/** A field of /proc/PID/status. */
export const statusOf = (pid: number, field: string): string =>
  new RegExp(`^${field}:\\s*(.*)$`, "m").exec(read(`/proc/${pid}/status`))?.[1] ?? "";

/** Looks again and again until it is so, for at most a few seconds. */
export const eventually = async (holds: () => boolean, timeoutMs = 5000): Promise<boolean> => {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await Bun.sleep(5)) if (holds()) return true;
  return holds();
};
