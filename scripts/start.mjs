/**
 * `npm start`: from a fresh clone to an untrusted program in its own universe.
 * @module
 */
import { existsSync } from "node:fs";
import { installModules } from "./setup/modules.mjs";
import { BUN, BUNKER, must, read, run } from "./setup/run.mjs";

const EXAMPLE = "examples/universe.ts";
/** An hour later inside: a time namespace is only made for clocks that differ, and kernels before 5.6 have none. */
const TIME = existsSync("/proc/self/ns/time") ? ["--boottime-offset", "3600"] : [];
const COMMAND = ["run", "--hostname", "universe", ...TIME, EXAMPLE];

installModules();
must(BUN, ["build/binary.ts"]);

// The same program looks at the host first, so that both columns of its table are found by the same code.
const host = read(BUN, [EXAMPLE, "--facts"]);
if (host === undefined) {
  console.error(`${EXAMPLE}: cannot look at the host`);
  process.exit(1);
}
console.log(`\n$ dist/bunker ${COMMAND.join(" ")}\n`);
process.exit(run(BUNKER, [...COMMAND, host.trim()]));
