/**
 * System calls of one architecture, by name and by number: all of them, where syscalls.ts has those that every architecture has.
 * @module
 */
import { syscallsArm64 } from "./syscalls.arm64.ts";
import type { Arch } from "./syscalls.ts";
import { syscallsX64 } from "./syscalls.x64.ts";

/** Name → number. */
export const SYSCALLS: Readonly<Record<Arch, Readonly<Record<string, number>>>> = {
  x64: syscallsX64,
  arm64: syscallsArm64,
};

/** The number of a call; undefined where this architecture has none of the name. */
export const numberOf = (name: string, arch: Arch): number | undefined =>
  Object.hasOwn(SYSCALLS[arch], name) ? SYSCALLS[arch][name] : undefined;

/** The name of a call; undefined for a number that is none. */
export const nameOf = (number: number, arch: Arch): string | undefined =>
  Object.keys(SYSCALLS[arch]).find((name) => SYSCALLS[arch][name] === number);

/** Whether some architecture has a call of that name. */
export const isSyscall = (name: string): boolean => Object.values(SYSCALLS).some((table) => Object.hasOwn(table, name));
