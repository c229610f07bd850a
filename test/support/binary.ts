/**
 * The binary as its users have it: dist/bunker, which `npm test` builds first.
 * @module
 */
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");
export const BINARY = join(ROOT, "dist/bunker");

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end, without a terminal. */
export const bunker = (
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Outcome => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([BINARY, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  return { exitCode: exitCode ?? -1, stdout: stdout.toString(), stderr: stderr.toString() };
};

/** Why no sandbox can be started here; empty where one can. */
export const whyNoSandbox = (): string => {
  const { exitCode, stderr } = bunker(["run", "true"]);
  return exitCode === 0 ? "" : stderr || `exit status ${exitCode}`;
};
