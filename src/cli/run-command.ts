/**
 * `bunker run` in citty's tree. main.ts calls {@link run} itself, before citty is loaded; this keeps the tree complete.
 * @module
 */
import { defineCommand } from "citty";
import { run } from "./run.ts";

export const runCommand = defineCommand({
  meta: { name: "run" },
  async run({ rawArgs }) {
    process.exitCode = await run(rawArgs);
  },
});
