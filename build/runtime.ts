/**
 * Bun's runtime for another platform, from its npm package: fetched when a build asks for it, never a dependency.
 * @module
 */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import lock from "../package-lock.json" with { type: "json" };
import { TARGETS, type Target } from "./targets.ts";

const CACHE = join(import.meta.dir, "../node_modules/.cache/bun-runtime");

/** The runtime's path. The lock file pins the tarball: it lists every platform of the `bun` package. */
export const runtimeFor = async (target: Target): Promise<string> => {
  const name = `@oven/${TARGETS[target]}`;
  const home = join(CACHE, `${TARGETS[target]}-${Bun.version}`);
  const runtime = join(home, "package/bin/bun");
  if (await Bun.file(runtime).exists()) return runtime;

  await mkdir(CACHE, { recursive: true });
  const scratch = await mkdtemp(join(CACHE, "fetch-"));
  try {
    const tarball = await pack(`${name}@${Bun.version}`, scratch);
    await check(tarball, pinned(name));
    await run(["tar", "-xzf", tarball, "package/bin/bun"], scratch);
    await rm(tarball);
    await rename(scratch, home);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return runtime;
};

const pinned = (name: string): string => {
  const entry = (lock.packages as Record<string, { version?: string; integrity?: string }>)[`node_modules/${name}`];
  if (entry?.version !== Bun.version || entry.integrity === undefined) {
    throw new Error(`package-lock.json has no ${name} ${Bun.version}: build with the pinned Bun (npm run build:all)`);
  }
  return entry.integrity;
};

const pack = async (spec: string, directory: string): Promise<string> => {
  const listing = await run(["npm", "pack", "--json", "--silent", spec], directory);
  const [packed] = JSON.parse(listing) as { filename: string }[];
  if (packed === undefined) throw new Error(`npm pack ${spec} wrote nothing`);
  return join(directory, packed.filename);
};

const check = async (tarball: string, integrity: string): Promise<void> => {
  const digest = new Bun.CryptoHasher("sha512").update(await Bun.file(tarball).arrayBuffer()).digest("base64");
  if (`sha512-${digest}` !== integrity) throw new Error(`${tarball}: not the file that package-lock.json pins`);
};

const run = async (command: string[], cwd: string): Promise<string> => {
  const child = Bun.spawn(command, { cwd, stdout: "pipe", stderr: "inherit", stdin: "ignore" });
  const output = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: exit status ${child.exitCode}`);
  return output;
};
