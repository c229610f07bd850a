/**
 * System calls made inside of a sandbox, by number: what a hostile program does, and no library.
 * @module
 */

import { errnoName } from "../../src/linux/errno.ts";
import { numberOf } from "../../src/linux/syscall-tables.ts";
import type { Arch } from "../../src/linux/syscalls.ts";
import { type BoxOptions, boxed } from "./box.ts";
import type { Caller } from "./callers.ts";

/** A name, or a number that has none; then arguments. */
export type SystemCall = readonly [name: string | number, ...args: (number | bigint)[]];

const SCRIPT = `
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
outcomes = []
for row in json.loads(sys.argv[1]):
    ctypes.set_errno(0)
    failed = libc.syscall(*[ctypes.c_ulong(int(word)) for word in row]) < 0
    outcomes.append(ctypes.get_errno() if failed else 0)
print(json.dumps(outcomes))`;

const words = ([name, ...args]: SystemCall): readonly string[] => {
  const number = typeof name === "number" ? name : numberOf(name, process.arch as Arch);
  if (number === undefined) throw new Error(`no call ${name} on this machine`);
  return [number, ...args].map((word) => String(BigInt.asUintN(64, BigInt(word))));
};

/** What each of them is answered with, one after the other in one process: an errno, or `ok`. */
export const outcomesOf = (
  caller: Caller,
  calls: readonly SystemCall[],
  options: BoxOptions = {},
): readonly string[] => {
  const argument = JSON.stringify(calls.map(words));
  const outcomes = JSON.parse(boxed(caller, ["python3", "-c", SCRIPT, argument], options)) as readonly number[];
  return outcomes.map((errno) => (errno === 0 ? "ok" : errnoName(errno)));
};
