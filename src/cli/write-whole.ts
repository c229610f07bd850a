/**
 * Files that are there whole or not at all.
 * @module
 */
import { chmodSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { outputNotWritable } from "../errors/usage.ts";

/** Written beside and renamed: also where an older one is being executed. @throws BunkerError that names the file as it was `shown` */
export const writeWhole = (shown: string, path: string, bytes: Uint8Array, mode: number): void => {
  const scratch = `${path}.${process.pid}.tmp`;
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isFile()) throw outputNotWritable(shown, "it is not a regular file");
    writeFileSync(scratch, bytes, { flag: "wx", mode });
    // The umask took part in the mode.
    chmodSync(scratch, mode & ~process.umask());
    renameSync(scratch, path);
  } catch (error) {
    rmSync(scratch, { force: true });
    // Node's sentence goes on with the call and the name of the scratch file, which nobody asked for.
    throw error instanceof Error && "errno" in error
      ? outputNotWritable(shown, error.message.split(",")[0] ?? error.message)
      : error;
  }
};
