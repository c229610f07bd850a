/**
 * `npm run bench [-- --json] [--rounds N]`: Bunker beside what people use today, on the same work, in one run.
 * It measures and compares; it never says that a number is good or bad.
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ours } from "./bench/bunker.ts";
import { isPresent } from "./bench/contender.ts";
import { inProcess } from "./bench/in-process.ts";
import { memory } from "./bench/memory.ts";
import { ociRuntimes } from "./bench/oci.ts";
import { bubblewrap, unshare } from "./bench/others.ts";
import { asJson, asText } from "./bench/report.ts";
import { timings } from "./bench/time.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "50" } },
});
const rounds = Number(values.rounds);
const scratch = await mkdtemp(join(tmpdir(), "bunker-bench-"));
try {
  const entries = [
    ...(await ours(scratch)),
    await inProcess(),
    await bubblewrap(),
    await unshare(),
    ...(await ociRuntimes(scratch)),
  ];
  const contenders = entries.filter(isPresent);
  const results = { rounds, entries, timings: await timings(contenders, rounds), memory: await memory(contenders) };
  console.log(values.json ? asJson(results) : asText(results));
} finally {
  await rm(scratch, { recursive: true, force: true });
}
