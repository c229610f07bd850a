/**
 * Running the project's own commands from Node, which is all that a fresh clone has.
 * @module
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BUN = `${ROOT}node_modules/.bin/bun`;
export const BUNKER = `${ROOT}dist/bunker`;

/** Runs a command with our own terminal; its exit status, 128+n after signal n, 127 if there is no such program. */
export const run = (command, args, options = {}) => {
  const { error, status, signal } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", ...options });
  if (error) console.error(`${command}: ${error.message}`);
  if (signal) return 128 + (SIGNALS[signal] ?? 0);
  return status ?? 127;
};

/** What a command prints, or nothing when it cannot be run or fails. */
export const read = (command, args) => {
  const { status, stdout } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout : undefined;
};

/** Runs a step that everything after it needs. */
export const must = (command, args) => {
  const status = run(command, args);
  if (status !== 0) process.exit(status);
};

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
