/**
 * What must not grow unnoticed: the code that every start loads, and what comes from strangers.
 * @module
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import lock from "../package-lock.json" with { type: "json" };

const ROOT = join(import.meta.dir, "..");

interface Chunk {
  readonly bytes: number;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly entryPoint?: string;
  /** The sources in it, by their paths. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The bundle as it stands in the binary, before it is bytecode. */
const bundle = async (): Promise<Record<string, Chunk>> => {
  const outdir = await mkdtemp(join(tmpdir(), "bunker-budget-"));
  try {
    const { metafile } = await Bun.build({
      entrypoints: [join(ROOT, "src/main.ts")],
      outdir,
      target: "bun",
      format: "esm",
      minify: true,
      splitting: true,
      metafile: true,
    });
    return (metafile?.outputs ?? {}) as Record<string, Chunk>;
  } finally {
    await rm(outdir, { recursive: true });
  }
};

const isEager = ({ kind }: { kind: string }): boolean => kind === "import-statement";

describe("the code that every start loads", () => {
  let chunks: Record<string, Chunk> = {};

  /** A chunk and what it imports before it runs; what stands behind import() does not count. */
  const loadedBy = (path: string, seen = new Set<string>()): Set<string> => {
    const chunk = chunks[path];
    if (chunk === undefined || seen.has(path)) return seen;
    seen.add(path);
    for (const next of chunk.imports.filter(isEager)) loadedBy(next.path, seen);
    return seen;
  };

  const bytesOf = (entryPoint: string): number => {
    const path = Object.keys(chunks).find((name) => chunks[name]?.entryPoint?.endsWith(entryPoint));
    expect(path).toBeDefined();
    return [...loadedBy(path ?? "")].reduce((sum, name) => sum + (chunks[name]?.bytes ?? 0), 0);
  };

  beforeAll(async () => {
    chunks = await bundle();
  });

  test("is small before a sub-command is known", () => {
    expect(bytesOf("src/main.ts")).toBeLessThan(50_000);
  });

  test("has no compiler of seccomp filters: those of most sandboxes are prebuilt", () => {
    const run = Object.keys(chunks).find((name) => chunks[name]?.entryPoint?.endsWith("src/cli/run.ts")) ?? "";
    const inputs = [...loadedBy(run)].flatMap((name) => Object.keys(chunks[name]?.inputs ?? {}));
    expect(inputs.filter((path) => path.startsWith("src/seccomp/"))).toEqual(["src/seccomp/load.ts"]);
    expect(inputs).toContain("plugins/seccomp/prebuilt/default.ts");
    expect(inputs).not.toContain("plugins/seccomp/prebuilt/strict.ts");
  });

  test("is small when a sandbox is planned and compiled", () => {
    expect(bytesOf("src/cli/run.ts")).toBeLessThan(300_000);
  });
});

describe("what comes from strangers", () => {
  test("is four packages at run time, none of which brings another", () => {
    const others = ["dev", "devOptional", "optional"];
    const shipped = Object.entries(lock.packages).filter(
      ([path, entry]) => path !== "" && !others.some((kind) => kind in entry),
    );
    expect(shipped.map(([path]) => path.replace("node_modules/", "")).sort()).toEqual(
      Object.keys(manifest.dependencies).sort(),
    );
  });

  test.each(Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))("pins %s", (_name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("is pinned by content where it is built, and fetched from wherever its user says", () => {
    const entries = Object.entries(lock.packages).filter(([path]) => path !== "");
    const unpinned = entries.filter(([, entry]) => !("integrity" in entry) && !isForeign(entry));
    expect(unpinned.map(([path]) => path)).toEqual([]);
    expect(entries.filter(([, entry]) => "resolved" in entry).map(([path]) => path)).toEqual([]);
  });
});

/** For a platform that Bunker is not developed on: those are in the lock file by their versions only. */
const isForeign = (entry: object): boolean => {
  const { optional, os, libc, cpu } = entry as { optional?: boolean; os?: string[]; libc?: string[]; cpu?: string[] };
  const developedOn =
    os?.includes("linux") && libc?.includes("musl") !== true && (cpu?.includes("x64") || cpu?.includes("arm64"));
  return optional === true && !developedOn;
};
