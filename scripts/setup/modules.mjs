/**
 * node_modules as package-lock.json wants it, installed only when it is missing or older.
 *
 *     node scripts/setup/modules.mjs
 * @module
 */
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BUN, must, ROOT } from "./run.mjs";

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** npm writes its own copy of the lock file last, so that file's age is the age of the whole installation. */
const isInstalled = () =>
  modified(BUN) > 0 && modified(`${ROOT}node_modules/.package-lock.json`) >= modified(`${ROOT}package-lock.json`);

export const installModules = () => {
  if (isInstalled()) return;
  console.error("installing dependencies (npm ci)");
  // tsup asks for a newer Node than we need, and runs on Bun here: not a warning for whoever tries Bunker.
  must("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) installModules();
