/**
 * `bunker explain`: what a sandbox will be. Needs no privileges and starts nothing.
 * @module
 */
import { defineCommand } from "citty";
import { createHost } from "../launch/host.ts";
import { explainPlan, explainProgram, planToJson, programToJson } from "../plan/explain.ts";
import { explainSandbox } from "../sandbox.ts";
import { readArguments, toSandboxConfig } from "./arguments.ts";

export const explainCommand = defineCommand({
  meta: { name: "explain" },
  async run({ rawArgs }) {
    const host = createHost();
    const read = await readArguments("explain", rawArgs, host);
    if (read.has("help")) return (await import("./show-help.ts")).showHelp("explain", read);
    const { plan, program, kernel } = await explainSandbox(await toSandboxConfig("explain", read, host));
    const syscalls = read.has("syscalls");
    if (read.has("json")) {
      const json = { ...planToJson(plan, kernel), ...(syscalls ? { program: programToJson(program) } : {}) };
      return console.log(JSON.stringify(json, undefined, 2));
    }
    console.log(syscalls ? explainProgram(program) : explainPlan(plan, kernel));
  },
});
