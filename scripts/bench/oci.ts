/**
 * crun and runc, which run a bundle and keep its state under a root directory of their own.
 * @module
 */
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { writeBundle } from "./bundle.ts";
import { type Absent, type Contender, installed, running, tried } from "./contender.ts";
import { PAYLOAD, SLEEP } from "./host.ts";

const runtime = (name: string, scratch: string): Promise<Contender | Absent> => {
  const path = installed(name);
  if (path === undefined) return Promise.resolve({ name, absent: "not installed" });
  const run = (bundle: string): string[] => [
    ...[path, "--root", join(scratch, `${name}-state`), "run"],
    ...["--bundle", join(scratch, bundle), `bunker-bench-${name}-${bundle}-${process.pid}`],
  ];
  return tried({ name, note: "and a cgroup", start: running(run("true")), sleeping: run("sleep") });
};

export const ociRuntimes = async (scratch: string): Promise<(Contender | Absent)[]> => {
  if (process.getuid?.() !== 0) return ["crun", "runc"].map((name) => ({ name, absent: "needs root" }));
  // The mapped root has to reach its bundle.
  await chmod(scratch, 0o755);
  await writeBundle(join(scratch, "true"), PAYLOAD);
  await writeBundle(join(scratch, "sleep"), SLEEP);
  return [await runtime("crun", scratch), await runtime("runc", scratch)];
};
