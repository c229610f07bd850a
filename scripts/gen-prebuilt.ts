/**
 * Assembles what is the same for every sandbox into src/launch/prebuilt.ts: the entry routines, the monitor, the relay, and the
 * holder of a user namespace.
 *
 * Assembling them at every start would cost milliseconds. A test compares the file with what the sources give.
 * @module
 */
import { assemble } from "../src/codegen/image.ts";
import { verify } from "../src/ir/verify.ts";
import { entryProgram } from "../src/launcher/entry.ts";
import { holderProgram } from "../src/launcher/holder.ts";
import { monitorProgram } from "../src/launcher/monitor.ts";
import { relayProgram } from "../src/launcher/relay-program.ts";
import type { Arch } from "../src/linux/syscalls.ts";

const TARGET = new URL("../src/launch/prebuilt.ts", import.meta.url);
const LINE_CHARACTERS = 116;

const constant = (bytes: Uint8Array): string => {
  const lines = bytes.toBase64().match(new RegExp(`.{1,${LINE_CHARACTERS - 8}}`, "g")) ?? [];
  return `() =>\n      decode(\n${lines.map((line) => `        "${line}"`).join(" +\n")},\n      )`;
};

const forArch = (arch: Arch): string => `  ${arch}: {
    /** src/launcher/entry.ts, without a user namespace. */
    entry: ${constant(assemble(entryProgram({ ambient: false }), arch))},
    /** The same with one. */
    entryAmbient: ${constant(assemble(entryProgram({ ambient: true }), arch))},
    /** src/launcher/monitor.ts */
    monitor: ${constant(assemble(verify(monitorProgram()), arch))},
    /** src/launcher/relay-program.ts */
    relay: ${constant(assemble(verify(relayProgram()), arch))},
    /** src/launcher/holder.ts */
    holder: ${constant(assemble(verify(holderProgram()), arch))},
  },`;

/** The text of src/launch/prebuilt.ts. */
export const prebuiltSource = (): string => `/**
 * Programs that are the same for every sandbox, assembled by scripts/gen-prebuilt.ts. Do not edit.
 * @module
 */
const decode = (base64: string): Uint8Array => Uint8Array.fromBase64(base64);

export const PREBUILT = {
${forArch("x64")}
${forArch("arm64")}
} as const;
`;

/** The formatter owns the line breaks: only the values count. */
const values = (source: string): string =>
  [...source.matchAll(/"([A-Za-z0-9+/=]+)"/g)].map(([, text]) => text).join("");

const isCurrent = async (): Promise<boolean> => values(await Bun.file(TARGET).text()) === values(prebuiltSource());

if (import.meta.main) {
  if (!process.argv.includes("--check")) await Bun.write(TARGET, prebuiltSource());
  else if (!(await isCurrent()))
    throw new Error("src/launch/prebuilt.ts is not what its sources assemble to: npm run gen");
}
