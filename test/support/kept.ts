/**
 * The directory of kept sandboxes of a caller, and what is in it.
 * @module
 */
import { chownSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import type { Caller } from "./callers.ts";
import type { Scratch } from "./scratch.ts";

export interface KeptDirectory {
  /** For the environment of `bunker`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly path: string;
  /** When each was written, by name: a sandbox that was started from its file leaves it alone, one that was planned writes a new one. */
  files(): Readonly<Record<string, bigint>>;
}

/** Beside them there is the lock of ranges of ids. */
const sandboxesIn = (path: string): readonly string[] => readdirSync(path).filter((name) => name.endsWith(".sandbox"));

/** Root's is one for all; the directory of somebody else is made here, as a login makes it. */
export const keptDirectory = (caller: Caller, scratch: Scratch): KeptDirectory => {
  const runtime = scratch.at(`runtime-${caller.name}`);
  if (!existsSync(runtime)) mkdirSync(runtime, { mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(runtime, caller.uid, caller.gid);
  const path = caller.uid === 0 ? "/run/bunker" : `${runtime}/bunker`;
  return {
    environment: { XDG_RUNTIME_DIR: runtime },
    path,
    files: () =>
      existsSync(path)
        ? Object.fromEntries(
            sandboxesIn(path).map((name) => [name, statSync(`${path}/${name}`, { bigint: true }).mtimeNs]),
          )
        : {},
  };
};
