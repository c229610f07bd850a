/**
 * `bunker compile`: a sandbox as a static executable.
 * @module
 */
import { chmodSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineCommand } from "citty";
import { flagTwice, outputMissing, outputNotWritable } from "../errors/usage.ts";
import { createHost } from "../launch/host.ts";
import { compileSandbox } from "../sandbox.ts";
import { readArguments, toSandboxConfig } from "./arguments.ts";

const EXECUTABLE = 0o755;

export const compileCommand = defineCommand({
  meta: { name: "compile" },
  async run({ rawArgs }) {
    const host = createHost();
    const read = await readArguments("compile", rawArgs, host);
    if (read.has("help")) return (await import("./show-help.ts")).showHelp("compile", read);
    const [output, another] = read.values("output");
    if (another !== undefined) throw flagTwice("--output");
    if (output === undefined || output === "") throw outputMissing();
    const image = await compileSandbox(await toSandboxConfig("compile", read, host));
    writeWhole(output, resolve(host.cwd, output), image);
  },
});

/** Written beside and renamed: the file is there whole or not at all, also where an older one is being executed. */
const writeWhole = (shown: string, path: string, bytes: Uint8Array): void => {
  const scratch = `${path}.${process.pid}.tmp`;
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isFile()) throw outputNotWritable(shown, "it is not a regular file");
    writeFileSync(scratch, bytes, { flag: "wx", mode: EXECUTABLE });
    // The umask took part in the mode.
    chmodSync(scratch, EXECUTABLE & ~process.umask());
    renameSync(scratch, path);
  } catch (error) {
    rmSync(scratch, { force: true });
    // Node's sentence goes on with the call and the name of the scratch file, which nobody asked for.
    throw error instanceof Error && "errno" in error
      ? outputNotWritable(shown, error.message.split(",")[0] ?? error.message)
      : error;
  }
};
