/**
 * Bunker itself, a sandbox that it compiled, and what any compiled Bun program costs.
 * @module
 */
import { join } from "node:path";
import { compile } from "../../build/compile.ts";
import { type Absent, type Contender, running, tried } from "./contender.ts";
import { PAYLOAD, SLEEP } from "./host.ts";

const BUNKER = join(import.meta.dir, "../../dist/bunker");

const bunker = (): Promise<Contender | Absent> =>
  tried({
    name: "bunker run",
    note: "a command line that was planned before",
    start: running([BUNKER, "run", "--", ...PAYLOAD]),
    sleeping: [BUNKER, "run", "--", ...SLEEP],
  });

/** Each round has a word of its own, so that nothing is kept for it. */
const firstRun = (): Promise<Contender | Absent> => {
  let round = 0;
  const start = (): void => void running([BUNKER, "run", "--", ...PAYLOAD, `${process.pid}-${++round}`])();
  return tried({ name: "bunker run, first", note: "plans and compiles", start });
};

const compileSandbox = (outfile: string, payload: readonly string[]): void =>
  void running([BUNKER, "compile", "-o", outfile, "--", ...payload])();

const compiledSandbox = (scratch: string): Promise<Contender | Absent> => {
  const [image, sleeping] = [join(scratch, "sandbox"), join(scratch, "sleeping")];
  const name = "bunker compile";
  try {
    compileSandbox(image, PAYLOAD);
    compileSandbox(sleeping, SLEEP);
  } catch (error) {
    return Promise.resolve({ name, absent: (error as Error).message });
  }
  const note = `${Bun.file(image).size} bytes`;
  return tried({ name, note, start: running([image]), sleeping: [sleeping] });
};

const emptyProgram = async (scratch: string): Promise<Contender | Absent> => {
  const [entry, outfile] = [join(scratch, "empty.ts"), join(scratch, "empty")];
  await Bun.write(entry, "");
  await compile({ entry, outfile });
  return tried({ name: "empty Bun program", note: "no sandbox: what Bun costs", start: running([outfile]) });
};

const bareProgram = (): Promise<Contender | Absent> =>
  tried({ name: "/bin/true", note: "no sandbox", start: running(PAYLOAD) });

export const ours = async (scratch: string): Promise<(Contender | Absent)[]> => [
  await bunker(),
  await firstRun(),
  await compiledSandbox(scratch),
  await emptyProgram(scratch),
  await bareProgram(),
];
