/**
 * An untrusted program looks around.
 *
 *     bunker run examples/universe.ts                  what it can see in a sandbox
 *     bunker run examples/universe.ts "$FACTS"         beside what the host has
 *     bun examples/universe.ts --facts                 the host's facts, as JSON
 *
 * `npm start` does all of it.
 */
import { lookAround } from "./universe/facts.ts";
import { render } from "./universe/table.ts";

const [argument] = process.argv.slice(2);
const host = argument?.startsWith("{") ? JSON.parse(argument) : undefined;
const facts = lookAround(host?.paths);

if (argument === "--facts") console.log(JSON.stringify(facts));
else console.log(render(facts, host));
