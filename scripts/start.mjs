/**
 * `npm start`: from a fresh clone to an untrusted program in its own universe.
 * @module
 */
import { installModules } from "./setup/modules.mjs";
import { BUN, BUNKER, must, read, run } from "./setup/run.mjs";

const EXAMPLE = "examples/universe.ts";

installModules();
must(BUN, ["build/binary.ts"]);

// The same program looks at the host first, so that both columns of its table are found by the same code.
const host = read(BUN, [EXAMPLE, "--facts"]);
if (host === undefined) {
  console.error(`${EXAMPLE}: cannot look at the host`);
  process.exit(1);
}
console.log(`\n$ dist/bunker run ${EXAMPLE}\n`);
process.exit(run(BUNKER, ["run", EXAMPLE, host.trim()]));
