/**
 * What a sandbox costs while its payload runs: the proportional set size (PSS) of every process but the payload.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Contender } from "./contender.ts";
import { SLEEP } from "./host.ts";

export interface Memory {
  /** Kilobytes when everything has settled, and how many processes they are. */
  readonly idle: number;
  readonly processes: number;
  /** The largest sum seen from the start on, in samples taken as fast as they can be. */
  readonly peak: number;
}

const SETTLE_MS = 400;
const PAYLOAD = basename(SLEEP[0]);

/** A process may end, or be hidden from us, between any two looks at it. */
const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

const tasks = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
};

const children = (pid: number): number[] =>
  tasks(pid).flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(" ").filter(Boolean).map(Number));

const tree = (pid: number): number[] => [pid, ...children(pid).flatMap(tree)];

const isPayload = (pid: number): boolean => read(`/proc/${pid}/comm`).trim() === PAYLOAD;

const pss = (pid: number): number =>
  Number(/^Pss:\s*(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? Number.NaN);

const costs = (pid: number): number[] =>
  tree(pid)
    .filter((member) => !isPayload(member))
    .map(pss);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Ends the payload only: whoever started it then cleans up after itself, as it does in life. */
const endPayload = (pid: number): void => {
  const payload = tree(pid).find(isPayload);
  process.kill(payload ?? pid, "SIGKILL");
};

const memoryOf = async (argv: readonly string[]): Promise<Memory> => {
  const child = Bun.spawn([...argv], { stdio: ["ignore", "ignore", "ignore"] });
  let peak = 0;
  // A loop without a pause: the largest moment lasts a few milliseconds, and a timer would miss it.
  for (const until = Bun.nanoseconds() + SETTLE_MS * 1e6; Bun.nanoseconds() < until; ) {
    const now = sum(costs(child.pid));
    if (now > peak) peak = now;
  }
  const settled = costs(child.pid);
  endPayload(child.pid);
  await child.exited;
  return { idle: sum(settled), processes: settled.length, peak };
};

export const memory = async (contenders: readonly Contender[]): Promise<Map<string, Memory>> => {
  const found = new Map<string, Memory>();
  for (const contender of contenders) {
    if (contender.sleeping !== undefined) found.set(contender.name, await memoryOf(contender.sleeping));
  }
  return found;
};
