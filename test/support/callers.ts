/**
 * Who starts a sandbox in the kernel tests: root, and a user without any right.
 * @module
 */
import { describe, test } from "bun:test";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY, type Outcome } from "./binary.ts";

/** An id that no account has. */
export const STRANGER = 54321;

export interface Caller {
  readonly name: "root" | "unprivileged";
  /** Kernel ids. */
  readonly uid: number;
  readonly gid: number;
  /** What stands in front of a command to run it as this caller. */
  readonly prefix: readonly string[];
}

const isRoot = process.getuid?.() === 0;
const self: Caller = {
  name: isRoot ? "root" : "unprivileged",
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  prefix: [],
};
const stranger: Caller = {
  name: "unprivileged",
  uid: STRANGER,
  gid: STRANGER,
  prefix: ["setpriv", `--reuid=${STRANGER}`, `--regid=${STRANGER}`, "--clear-groups"],
};

/** Both where the tests run as root; otherwise only whoever runs them. */
export const CALLERS: readonly Caller[] = isRoot ? [self, stranger] : [self];

/** The same tests for every caller that there can be here; who cannot be is a skipped test that says why. */
export const describeForCallers = (title: string, body: (caller: Caller) => void): void => {
  for (const name of ["root", "unprivileged"] as const) describeForCaller(name, title, body);
};

/** For what only one of them can show. */
export const describeForCaller = (name: Caller["name"], title: string, body: (caller: Caller) => void): void => {
  const caller = CALLERS.find((one) => one.name === name);
  if (caller === undefined) test.skip(`${title}, started by ${name}: the tests do not run as root`, () => {});
  else describe(`${title}, started by ${name}`, () => body(caller));
};

/** A test that needs programs of the host's; without one it is skipped, and its name says which. */
export const testWith = (programs: readonly string[], title: string, body: () => void | Promise<void>): void => {
  const missing = programs.filter((program) => Bun.which(program, { PATH: ENVIRONMENT.PATH }) === null);
  if (missing.length > 0) test.skip(`${title}: ${missing.join(", ")} not installed`, () => {});
  else test(title, body);
};

/** A directory that everybody may read, for this test process. */
export const SCRATCH = mkdtempSync(join(tmpdir(), "bunker-test-"));
chmodSync(SCRATCH, 0o755);
process.on("exit", () => rmSync(SCRATCH, { recursive: true, force: true }));

/** The binary where the unprivileged caller can reach it too: a clone may lie below a home that is closed. */
export const SHARED_BINARY = join(SCRATCH, "bunker");
copyFileSync(BINARY, SHARED_BINARY);
chmodSync(SHARED_BINARY, 0o755);

/** The environment of a caller: little, and nothing that depends on who runs the tests. */
export const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/nonexistent",
};

/** The words that start a sandbox as a caller. */
export const words = (caller: Caller, ...args: readonly string[]): string[] => [
  ...caller.prefix,
  SHARED_BINARY,
  ...args,
];

/** Runs a command line to its end in {@link SCRATCH}. */
export const outcomeOf = (command: readonly string[], stdin = ""): Outcome => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    cwd: SCRATCH,
    env: ENVIRONMENT,
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  return { exitCode: exitCode ?? -1, stdout: stdout.toString().trimEnd(), stderr: stderr.toString().trimEnd() };
};

/** `bunker run` to its end. */
export const runAs = (caller: Caller, ...args: readonly string[]): Outcome => outcomeOf(words(caller, "run", ...args));

/** What a command prints inside; a failure is an error of the test. */
export const printed = (caller: Caller, ...args: readonly string[]): string => {
  const { exitCode, stdout, stderr } = runAs(caller, ...args);
  if (exitCode !== 0) throw new Error(`exit status ${exitCode}: ${stderr}`);
  return stdout;
};

/** `bunker run` in the background. */
export const start = (caller: Caller, ...args: readonly string[]) =>
  Bun.spawn(words(caller, "run", ...args), {
    cwd: SCRATCH,
    env: ENVIRONMENT,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
