/**
 * Who starts a sandbox in the kernel tests: root, and a user without any right.
 * @module
 */
import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY, type Outcome } from "./binary.ts";

/** An id that no account has. */
export const STRANGER = 54321;

export interface Caller {
  readonly name: "root" | "unprivileged";
  /** Kernel ids. */
  readonly uid: number;
  /** What stands in front of a command to run it as this caller. */
  readonly prefix: readonly string[];
}

const isRoot = process.getuid?.() === 0;
const self: Caller = { name: isRoot ? "root" : "unprivileged", uid: process.getuid?.() ?? 0, prefix: [] };
const stranger: Caller = {
  name: "unprivileged",
  uid: STRANGER,
  prefix: ["setpriv", `--reuid=${STRANGER}`, `--regid=${STRANGER}`, "--clear-groups"],
};

/** Both where the tests run as root; otherwise only whoever runs them. */
export const CALLERS: readonly Caller[] = isRoot ? [self, stranger] : [self];

/** A directory that everybody may read, for this test process. */
export const SCRATCH = join(tmpdir(), `bunker-test-${process.pid}`);
mkdirSync(SCRATCH, { recursive: true });
chmodSync(SCRATCH, 0o755);

/** The binary where the unprivileged caller can reach it too: a clone may lie below a home that is closed. */
export const SHARED_BINARY = join(SCRATCH, "bunker");
copyFileSync(BINARY, SHARED_BINARY);
chmodSync(SHARED_BINARY, 0o755);

const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/nonexistent" };

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
