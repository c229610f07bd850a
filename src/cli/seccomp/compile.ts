/**
 * `bunker seccomp compile [PROFILE]`: the filter's bytes, as `bubblewrap --seccomp FD` and others read them.
 * @module
 */

import { resolve } from "node:path";
import { isatty } from "node:tty";
import { filterIsNone, filterToTerminal } from "../../errors/seccomp.ts";
import { filterOf } from "../../seccomp/filter.ts";
import { writeWhole } from "../write-whole.ts";
import { NONE, subjectOf } from "./subject.ts";
import { atMost, type Words } from "./words.ts";

const STDOUT = 1;
const READABLE = 0o644;

export const compile = async (words: Words): Promise<void> => {
  atMost("compile", words, 1);
  const [name = "default"] = words.words;
  if (name === NONE) throw filterIsNone();
  const { profile, arch } = subjectOf(name, words);
  const { bytes } = filterOf(profile, arch);
  const output = words.single("output");
  if (output !== undefined && output !== "-") return writeWhole(output, resolve(output), bytes, READABLE);
  if (isatty(STDOUT)) throw filterToTerminal();
  await Bun.write(Bun.stdout, bytes);
};
