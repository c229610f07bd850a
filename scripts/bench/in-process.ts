/**
 * A sandbox from a program that already runs: planned, compiled, started and waited for, with no process of Bunker's around it.
 * @module
 */
import { builtinPlugins } from "../../plugins/index.ts";
import { runSandbox } from "../../src/sandbox.ts";
import { type Absent, type Contender, tried } from "./contender.ts";
import { PAYLOAD } from "./host.ts";

const start = async (): Promise<void> => {
  const { exitCode } = await runSandbox(
    { sections: {}, command: [...PAYLOAD], plugins: builtinPlugins },
    { reuse: true },
  );
  if (exitCode !== 0) throw new Error(`exit status ${exitCode}`);
};

export const inProcess = (): Promise<Contender | Absent> =>
  tried({ name: "in process", note: "the library, in a running program", start });
