/**
 * Directories of the host's that last as long as a test file.
 * @module
 */
import { afterAll } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Scratch {
  readonly path: string;
  /** A path in it. */
  at(...names: readonly string[]): string;
  /** Makes a directory that everybody may write to. */
  directory(...names: readonly string[]): string;
  /** Writes a file that everybody may read, and execute. */
  file(name: string, content: string): string;
}

const EVERYBODY = 0o777;

/** A directory that every caller, and a root caller's payload, can reach and write to. Call it where tests are declared. */
export const scratchDirectory = (): Scratch => {
  const path = mkdtempSync(join(tmpdir(), "bunker-test-"));
  chmodSync(path, EVERYBODY);
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  const at = (...names: readonly string[]): string => join(path, ...names);
  const directory = (...names: readonly string[]): string => {
    mkdirSync(at(...names), { recursive: true });
    chmodSync(at(...names), EVERYBODY);
    return at(...names);
  };
  return {
    path,
    at,
    directory,
    file(name, content) {
      if (dirname(name) !== ".") directory(dirname(name));
      writeFileSync(at(name), content);
      chmodSync(at(name), EVERYBODY);
      return at(name);
    },
  };
};
