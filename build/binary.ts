/**
 * Builds the binaries that are shipped.
 *
 *     bun build/binary.ts                  dist/bunker, for this machine
 *     bun build/binary.ts --all            dist/bunker-<target>, for every target
 *     bun build/binary.ts linux-arm64 …    the named ones
 * @module
 */
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { compile } from "./compile.ts";
import { attachFront } from "./front.ts";
import { runtimeFor } from "./runtime.ts";
import { isTarget, TARGETS, type Target } from "./targets.ts";

const ROOT = join(import.meta.dir, "..");
const ENTRY = join(ROOT, "src/main.ts");

const report = (outfile: string, since: number): void => {
  const mebibytes = (Bun.file(outfile).size / 2 ** 20).toFixed(1);
  console.log(
    `${outfile.slice(ROOT.length + 1)}  ${mebibytes} MiB  ${((Bun.nanoseconds() - since) / 1e9).toFixed(1)} s`,
  );
};

const buildHere = async (): Promise<void> => {
  const since = Bun.nanoseconds();
  const outfile = join(ROOT, "dist/bunker");
  await compile({ entry: ENTRY, outfile });
  attachFront(outfile);
  report(outfile, since);
};

const buildFor = async (target: Target): Promise<void> => {
  const runtime = await runtimeFor(target);
  const since = Bun.nanoseconds();
  const outfile = join(ROOT, `dist/bunker-${target}`);
  await compile({ entry: ENTRY, outfile, target: `bun-${target}`, runtime });
  attachFront(outfile);
  report(outfile, since);
};

const wanted = (names: readonly string[]): Target[] =>
  names.map((name) => {
    if (!isTarget(name)) throw new Error(`no target ${name}; there are ${Object.keys(TARGETS).join(", ")}`);
    return name;
  });

// Another Bun on the PATH would put itself into the binary.
if (Bun.version !== manifest.devDependencies.bun) {
  throw new Error(`this is Bun ${Bun.version}, the project pins ${manifest.devDependencies.bun}: use npm run build`);
}
const names = process.argv.slice(2);
const targets = names[0] === "--all" ? (Object.keys(TARGETS) as Target[]) : wanted(names);
if (targets.length === 0) await buildHere();
for (const target of targets) await buildFor(target);
