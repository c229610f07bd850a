/**
 * Compiles the filters that most sandboxes have into plugins/seccomp/prebuilt/: `default` without capabilities, and `strict`.
 *
 * Compiling one at every start would cost milliseconds. A test compares the files with what the sources give.
 * @module
 */
import type { Arch } from "../src/linux/syscalls.ts";
import { type Filter, filterOf } from "../src/seccomp/filter.ts";
import type { Profile } from "../src/seccomp/profile.ts";
import { BUILTIN_PROFILES } from "../src/seccomp/profiles/builtin.ts";

const ARCHES: readonly Arch[] = ["x64", "arm64"];
const LINE_CHARACTERS = 108;

const targetOf = (name: string): URL => new URL(`../plugins/seccomp/prebuilt/${name}.ts`, import.meta.url);

const lines = (text: string): string =>
  (text.match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? []).map((line) => `      "${line}"`).join(" +\n");

const entry = ({ arch, instructions, sha256, bytes }: Filter): string => `  ${arch}: {
    instructions: ${instructions},
    sha256: "${sha256}",
    base64:
${lines(bytes.toBase64())},
  },`;

const sourceOf = (profile: Profile): string => `/**
 * The filter of the profile \`${profile.name}\`, compiled by scripts/gen-seccomp.ts. Do not edit.
 * @module
 */
import type { PrebuiltFilters } from "./decode.ts";

export const FILTERS: PrebuiltFilters = {
${ARCHES.map((arch) => entry(filterOf(profile, arch))).join("\n")}
};
`;

/** The formatter owns the line breaks: only the values count. */
const values = (source: string): string =>
  [...source.matchAll(/"([A-Za-z0-9+/=]+)"|: (\d+),/g)].map(([, text, number]) => text ?? number).join("");

for (const [name, make] of Object.entries(BUILTIN_PROFILES)) {
  const [target, source] = [targetOf(name), sourceOf(make([]))];
  if (!process.argv.includes("--check")) await Bun.write(target, source);
  else if (values(await Bun.file(target).text()) !== values(source))
    throw new Error(`plugins/seccomp/prebuilt/${name}.ts is not what its sources compile to: npm run gen`);
}
