/**
 * Directories of the host's that last as long as the tests.
 * @module
 */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Scratch {
  readonly path: string;
  /** A path in it. */
  at(...names: readonly string[]): string;
  /** Makes a directory that everybody may write to. */
  directory(...names: readonly string[]): string;
  /** Writes a file that everybody may read, write and execute. */
  file(name: string, content: string): string;
  /** Writes a plugin with these members, which nobody else may change: another one is refused. */
  plugin(name: string, members: string): string;
}

const EVERYBODY = 0o777;

/** Removes a directory once this process is gone, however it goes: `bun test` runs no exit handlers. */
export const removeWhenOver = (path: string): void => {
  const remover = Bun.spawn(["sh", "-c", 'trap "" INT TERM HUP; cat >/dev/null; rm -rf -- "$1"', "sh", path], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  remover.unref();
};

/** A directory that every caller, and a root caller's payload, can reach; in it are some that they can write to. */
export const scratchDirectory = (): Scratch => {
  const path = mkdtempSync(join(tmpdir(), "bunker-test-"));
  removeWhenOver(path);
  chmodSync(path, 0o755);
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
    plugin(name, members) {
      const text = `import { definePlugin } from "bunker";
export default definePlugin({ name: "${name}", summary: "a plugin of the tests", ${members} });
`;
      writeFileSync(at(`${name}.ts`), text, { mode: 0o644 });
      return at(`${name}.ts`);
    },
  };
};
