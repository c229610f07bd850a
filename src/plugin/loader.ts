/**
 * Loads plugins from files at run time, also in the compiled binary.
 *
 * A plugin is trusted code that runs outside of the sandbox: a file that others may write is refused.
 * `import … from "bunker"` in it gets the API of this very binary.
 * @module
 */
import { type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import * as api from "../api.ts";
import { notAPlugin, pluginFileFailed, pluginFileUnusable } from "../errors/plugin.ts";
import type { Plugin } from "./define.ts";

const WRITABLE_BY_OTHERS = 0o002;
const STICKY = 0o1000;

let offered = false;

const offerApi = (): void => {
  if (offered) return;
  offered = true;
  Bun.plugin({
    name: "bunker",
    setup(build) {
      build.module("bunker", () => ({ exports: { ...api }, loader: "object" }));
    },
  });
};

/** @throws BunkerError that names the file */
export const loadPlugins = async (file: string, cwd: string): Promise<readonly Plugin[]> => {
  const path = resolve(cwd, file);
  checkFile(file, path);
  offerApi();
  return toPlugins(file, await importDefault(file, path));
};

const importDefault = async (file: string, path: string): Promise<unknown> => {
  try {
    const loaded = (await import(path)) as { readonly default?: unknown };
    return loaded.default;
  } catch (error) {
    throw pluginFileFailed(file, error);
  }
};

const checkFile = (file: string, path: string): void => {
  const stats = statOrRefuse(file, path);
  if (stats.isDirectory()) throw pluginFileUnusable(file, "is a directory", "name the file in it");
  if (!stats.isFile()) throw pluginFileUnusable(file, "is not a regular file");
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw pluginFileUnusable(file, "everybody may write it", `a plugin is trusted code: chmod o-w ${file}`);
  }
  const directory = statSync(dirname(path)).mode;
  if ((directory & WRITABLE_BY_OTHERS) !== 0 && (directory & STICKY) === 0) {
    throw pluginFileUnusable(file, "everybody may replace it", `a plugin is trusted code: chmod o-w ${dirname(path)}`);
  }
};

const statOrRefuse = (file: string, path: string): Stats => {
  try {
    return statSync(path);
  } catch (error) {
    const code = (error as { code?: string }).code;
    throw pluginFileUnusable(file, code === "ENOENT" ? "no such file" : `cannot be read: ${code}`);
  }
};

const isPlugin = (value: unknown): value is Plugin =>
  typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";

const toPlugins = (file: string, exported: unknown): readonly Plugin[] => {
  if (exported === undefined) throw notAPlugin(file, "it has no default export");
  const all: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  return all.map((one) => {
    if (!isPlugin(one)) throw notAPlugin(file, "its default export has no name");
    if (typeof one.summary !== "string") throw notAPlugin(file, `plugin ${one.name} has no summary`);
    return one;
  });
};
