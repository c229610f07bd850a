/**
 * Who starts a sandbox: root, and somebody without any right. What the kernel promises is tested for both.
 * @module
 */
import { describe, test } from "bun:test";
import { chmodSync, copyFileSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BINARY } from "./binary.ts";
import { removeWhenOver } from "./scratch.ts";

export interface Caller {
  readonly name: "root" | "unprivileged";
  /** Kernel ids. */
  readonly uid: number;
  readonly gid: number;
  /** What goes in front of a command that this caller executes. It replaces itself: pids stay what they are. */
  readonly prefix: readonly string[];
}

/** An id that no account has: nothing may depend on one. */
const STRANGER = 61_234;

const isRoot = process.getuid?.() === 0;
const setpriv = Bun.which("setpriv");

const self: Caller = {
  name: isRoot ? "root" : "unprivileged",
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  prefix: [],
};

const strangerBy = (path: string): Caller => ({
  name: "unprivileged",
  uid: STRANGER,
  gid: STRANGER,
  prefix: [path, `--reuid=${STRANGER}`, `--regid=${STRANGER}`, "--clear-groups", "--"],
});

/** Both where the tests run as root; otherwise only whoever runs them. */
export const CALLERS: readonly Caller[] = isRoot && setpriv !== null ? [self, strangerBy(setpriv)] : [self];

const whyNot = (name: Caller["name"]): string =>
  name === "root" ? "the tests do not run as root" : "setpriv is not installed";

/** The environment of a caller: little, and nothing that depends on who runs the tests. */
export const ENVIRONMENT: Readonly<Record<string, string>> & { readonly PATH: string } = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/nonexistent",
};

/** For what only one of them can show. */
export const describeForCaller = (name: Caller["name"], title: string, body: (caller: Caller) => void): void => {
  const caller = CALLERS.find((one) => one.name === name);
  if (caller === undefined) test.skip(`${title}, started by ${name}: ${whyNot(name)}`, () => {});
  else describe(`${title}, started by ${name}`, () => body(caller));
};

/** The same tests for every caller that there can be here; who cannot be is a skipped test that says why. */
export const describeForCallers = (title: string, body: (caller: Caller) => void): void => {
  for (const name of ["root", "unprivileged"] as const) describeForCaller(name, title, body);
};

/** A test that needs programs of the host's; without one it is skipped, and its name says which. */
export const testWith = (programs: readonly string[], title: string, body: () => void | Promise<void>): void => {
  const missing = programs.filter((program) => Bun.which(program, { PATH: ENVIRONMENT.PATH }) === null);
  if (missing.length > 0) test.skip(`${title}: ${missing.join(", ")} not installed`, () => {});
  else test(title, body);
};

/** A test that looks at a process of the sandbox's from outside, which the kernel allows to nobody but root. */
export const testAsRoot = (title: string, body: () => void | Promise<void>): void => {
  if (isRoot) test(title, body);
  else test.skip(`${title}: the tests do not run as root`, () => {});
};

const isOpenToAll = (path: string): boolean =>
  (statSync(path).mode & 0o005) === 0o005 && (path === "/" || isOpenToAll(dirname(path)));

const copyForAll = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "bunker-test-"));
  removeWhenOver(directory);
  chmodSync(directory, 0o755);
  copyFileSync(BINARY, join(directory, "bunker"));
  return join(directory, "bunker");
};

/** The binary where every caller can reach it: a clone may lie below a home that is closed. */
export const SHARED_BINARY = isOpenToAll(BINARY) ? BINARY : copyForAll();
