/**
 * The limits of whoever started us.
 * @module
 */
import { ptr } from "bun:ffi";
import { RLIMIT_NOFILE } from "../linux/process.ts";
import { tryCall } from "./libc.ts";

/** What select(2) can count to, and the kernel's own initial soft limit. */
const NOFILE_DEFAULT = 1024;

const limitsOf = (pid: number): readonly [number, number] | undefined => {
  const pair = new BigUint64Array(2);
  if (tryCall("prlimit64", pid, RLIMIT_NOFILE, 0, ptr(pair)) < 0) return undefined;
  return [Number(pair[0]), Number(pair[1])];
};

/**
 * The soft limit that this process was started with. Bun raises its own to the hard one before any JavaScript runs and does not
 * say what it was, so that the parent's is asked for: limits are inherited. Where it may not be asked, the usual one.
 */
export const callerNofile = (): { readonly soft: number; readonly hard: number } => {
  const [, hard] = limitsOf(0) ?? [NOFILE_DEFAULT, NOFILE_DEFAULT];
  const [soft] = limitsOf(process.ppid) ?? [NOFILE_DEFAULT];
  return { soft: Math.min(soft, hard), hard };
};
