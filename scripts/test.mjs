/**
 * `npm test [-- FILE…]`: from a fresh clone to the result of every test. Ends with `N passed, N failed[, N skipped]`.
 * @module
 */
import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { installModules } from "./setup/modules.mjs";
import { installPackages } from "./setup/packages.mjs";
import { BUN, ROOT, run } from "./setup/run.mjs";

/** Sandboxes start in milliseconds: this is for a machine under load, so that a hang ends and names its test. */
const TIMEOUT_MS = 30_000;

/** Runs bun's tests, shows what they print and keeps it: the JUnit file would not count a file that cannot be loaded. */
const test = (args) => {
  const env = process.stderr.isTTY && !process.env.NO_COLOR ? { ...process.env, FORCE_COLOR: "1" } : process.env;
  const child = spawn(BUN, ["test", `--timeout=${TIMEOUT_MS}`, ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "inherit", "pipe"],
  });
  const chunks = [];
  child.stderr.on("data", (chunk) => {
    chunks.push(chunk);
    process.stderr.write(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
};

/** Bun's own summary in one line. A crash has none, and must not look like success. */
const summary = (output, status) => {
  const lines = stripVTControlCharacters(output).split("\n").slice(-30);
  const count = (word) => Number(lines.findLast((line) => line.endsWith(` ${word}`))?.match(/^ *(\d+) \w+$/)?.[1] ?? 0);
  const failed = status === 0 ? count("fail") : Math.max(count("fail"), 1);
  const skipped = count("skip") + count("todo");
  return `${count("pass")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
};

installModules();
installPackages();
// When this fails the tests of the binary fail too; the others still have something to say.
const built = run(BUN, ["build/binary.ts"]);
const { status, output } = await test(process.argv.slice(2));
console.log(`\n${summary(output, status || built)}`);
process.exitCode = status || built;
