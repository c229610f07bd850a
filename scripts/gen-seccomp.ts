/**
 * Compiles the filters that most sandboxes have into plugins/seccomp/prebuilt.ts: `default` without capabilities, and `strict`.
 *
 * Compiling one at every start would cost milliseconds. A test compares the file with what the sources give.
 * @module
 */
import type { Arch } from "../src/linux/syscalls.ts";
import { type Filter, filterOf } from "../src/seccomp/filter.ts";
import { BUILTIN_PROFILES } from "../src/seccomp/profiles/builtin.ts";

const TARGET = new URL("../plugins/seccomp/prebuilt.ts", import.meta.url);
const LINE_CHARACTERS = 108;
const ARCHES: readonly Arch[] = ["x64", "arm64"];

const lines = (text: string): string =>
  (text.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? []).map((line) => `        "${line}"`).join(" +\n");

const entry = ({ arch, instructions, sha256, bytes }: Filter): string => `    ${arch}: {
      instructions: ${instructions},
      sha256: "${sha256}",
      base64:
${lines(bytes.toBase64())},
    },`;

const profile = (name: string): string => `  ${name}: {
${ARCHES.map((arch) => entry(filterOf((BUILTIN_PROFILES[name] as () => never)(), arch))).join("\n")}
  },`;

/** The text of plugins/seccomp/prebuilt.ts. */
const prebuiltSource = (): string => `/**
 * Filters of the profiles that have a name, compiled by scripts/gen-seccomp.ts. Do not edit.
 * @module
 */
import type { Arch, Filter } from "../../src/api.ts";

interface Prebuilt {
  readonly instructions: number;
  readonly sha256: string;
  readonly base64: string;
}

const PREBUILT: Readonly<Record<string, Readonly<Record<Arch, Prebuilt>>>> = {
${Object.keys(BUILTIN_PROFILES).map(profile).join("\n")}
};

/** As it would be compiled for a payload without capabilities; undefined for a profile that has no name. */
export const prebuiltFilter = (profile: string, arch: Arch): Filter | undefined => {
  const found = Object.hasOwn(PREBUILT, profile) ? PREBUILT[profile]?.[arch] : undefined;
  if (found === undefined) return undefined;
  const { base64, instructions, sha256 } = found;
  const bytes = Uint8Array.fromBase64(base64);
  return { profile, arch, bytes, instructions, sha256, flags: [], skipped: [], remarks: [] };
};
`;

/** The formatter owns the line breaks: only the values count. */
const values = (source: string): string =>
  [...source.matchAll(/"([A-Za-z0-9+/=]+)"|: (\d+),/g)]
    .map(([, text, number]) => text ?? number)
    .join(" ")
    .replace(/ (?=\S)/g, "");

const isCurrent = async (): Promise<boolean> => values(await Bun.file(TARGET).text()) === values(prebuiltSource());

if (!process.argv.includes("--check")) await Bun.write(TARGET, prebuiltSource());
else if (!(await isCurrent()))
  throw new Error("plugins/seccomp/prebuilt.ts is not what its sources compile to: npm run gen");
