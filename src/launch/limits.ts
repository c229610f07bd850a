/**
 * The limits of whoever started us.
 * @module
 */
import { type Pointer, ptr, toBuffer } from "bun:ffi";
import { FRONT_MEMORY, NOFILE_MARK } from "../launcher/front/nofile.ts";
import { RLIMIT_NOFILE } from "../linux/process.ts";
import { tryCall } from "./libc.ts";

export interface Nofile {
  readonly soft: number;
  readonly hard: number;
}

/** What select(2) can count to, and the kernel's own initial soft limit. */
const NOFILE_DEFAULT = 1024;
const PAGE_BYTES = 4096;

const limitsOf = (pid: number): readonly [number, number] | undefined => {
  const pair = new BigUint64Array(2);
  if (tryCall("prlimit64", pid, RLIMIT_NOFILE, 0, ptr(pair)) < 0) return undefined;
  return [Number(pair[0]), Number(pair[1])];
};

/** mincore(2) fails with ENOMEM where nothing is mapped: asking is safe, and looking would not be. */
const isMapped = (address: number): boolean => tryCall("mincore", address, PAGE_BYTES, ptr(new Uint8Array(1))) === 0;

/** What the front has seen before this runtime raised it; undefined where this process has no front: a program that uses the library. */
export const frontNofile = (): Nofile | undefined => {
  if (!isMapped(FRONT_MEMORY)) return undefined;
  const memory = toBuffer(FRONT_MEMORY as Pointer, 0, 24);
  const [mark, soft, hard] = [0, 8, 16].map((offset) => memory.readBigUInt64LE(offset));
  return mark === NOFILE_MARK ? { soft: Number(soft), hard: Number(hard) } : undefined;
};

/**
 * The limits that this process was started with. Bun raises the soft one to the hard one before any JavaScript runs and does not
 * say what it was. The front has noted it; without one the parent's is asked for, since limits are inherited. Where that may not be
 * asked, the usual one.
 */
export const callerNofile = (): Nofile => {
  const noted = frontNofile();
  if (noted) return noted;
  const [, hard] = limitsOf(0) ?? [NOFILE_DEFAULT, NOFILE_DEFAULT];
  const [soft] = limitsOf(process.ppid) ?? [NOFILE_DEFAULT];
  return { soft: Math.min(soft, hard), hard };
};
