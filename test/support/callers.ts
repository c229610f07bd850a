/**
 * Who starts a sandbox: root, and somebody without any right. What the kernel promises is tested for both.
 * @module
 */
import { describe, test } from "bun:test";

export interface Caller {
  readonly name: "root" | "unprivileged";
  readonly uid: number;
  readonly gid: number;
  /** What goes in front of a command that this caller executes. It replaces itself: pids stay what they are. */
  readonly prefix: readonly string[];
}

/** An id that no passwd entry has: nothing may depend on one. */
const NOBODY_IN_PARTICULAR = 61_234;

const ownUid = process.getuid?.() ?? 0;
const ownGid = process.getgid?.() ?? 0;
const isRoot = ownUid === 0;
const setpriv = Bun.which("setpriv");

const ROOT: Caller = { name: "root", uid: 0, gid: 0, prefix: [] };

const asNobody = (path: string): Caller => ({
  name: "unprivileged",
  uid: NOBODY_IN_PARTICULAR,
  gid: NOBODY_IN_PARTICULAR,
  prefix: [path, `--reuid=${NOBODY_IN_PARTICULAR}`, `--regid=${NOBODY_IN_PARTICULAR}`, "--clear-groups", "--"],
});

const unprivileged = (): Caller | undefined => {
  if (!isRoot) return { name: "unprivileged", uid: ownUid, gid: ownGid, prefix: [] };
  return setpriv === null ? undefined : asNobody(setpriv);
};

const NOT_HERE: Readonly<Record<Caller["name"], string>> = {
  root: "the tests do not run as root",
  unprivileged: "setpriv is not installed",
};

export const CALLERS: readonly Caller[] = [...(isRoot ? [ROOT] : []), unprivileged()].filter(
  (caller) => caller !== undefined,
);

/** The environment of a caller: little, and nothing that depends on who runs the tests. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/nonexistent",
};

/** The same tests for every caller that there can be here; who cannot be is a skipped test that says why. */
export const describeForCallers = (title: string, body: (caller: Caller) => void): void => {
  for (const name of ["root", "unprivileged"] as const) {
    const caller = CALLERS.find((one) => one.name === name);
    if (caller === undefined) test.skip(`${title}, started by ${name}: ${NOT_HERE[name]}`, () => {});
    else describe(`${title}, started by ${name}`, () => body(caller));
  }
};

/** For what only one of them can show. */
export const describeForCaller = (name: Caller["name"], title: string, body: (caller: Caller) => void): void => {
  const caller = CALLERS.find((one) => one.name === name);
  if (caller === undefined) test.skip(`${title}, started by ${name}: ${NOT_HERE[name]}`, () => {});
  else describe(`${title}, started by ${name}`, () => body(caller));
};

/** A test that needs programs of the host's; without one it is skipped, and its name says which. */
export const testWith = (programs: readonly string[], title: string, body: () => void | Promise<void>): void => {
  const missing = programs.filter((program) => Bun.which(program, { PATH: ENVIRONMENT.PATH ?? "" }) === null);
  if (missing.length > 0) test.skip(`${title}: ${missing.join(", ")} not installed`, () => {});
  else test(title, body);
};
