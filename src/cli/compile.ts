/**
 * `bunker compile`: a sandbox as a static executable.
 * @module
 */
import { resolve } from "node:path";
import { defineCommand } from "citty";
import { flagTwice, outputMissing } from "../errors/usage.ts";
import { createHost } from "../launch/host.ts";
import { compileSandbox } from "../sandbox.ts";
import { readArguments, toSandboxConfig } from "./arguments.ts";
import { writeWhole } from "./write-whole.ts";

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
    writeWhole(output, resolve(host.cwd, output), image, EXECUTABLE);
  },
});
