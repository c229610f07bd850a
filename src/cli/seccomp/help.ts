/**
 * Help of `bunker seccomp`, of all verbs or of one.
 * @module
 */
import { flagSections } from "../help.ts";
import { showPage } from "../show-help.ts";
import type { Verb } from "./index.ts";
import { flagSpecs, type SeccompFlag } from "./words.ts";

const PROFILE =
  "PROFILE is default, strict, none, or a JSON file as Docker and OCI runtimes take it; default unless given. " +
  "ARGUMENT is a number (10, 0x1f, 0755, -1) or a name (AF_UNIX, CLONE_NEWUSER|SIGCHLD).";

export const showSeccompHelp = (verbs: Readonly<Record<string, Verb>>): void => {
  const all = Object.values(verbs);
  const flags = [...new Set(all.flatMap((verb): readonly SeccompFlag[] => verb.flags))];
  const [only] = all.length === 1 ? all : [];
  showPage({
    summary: only?.summary ?? "Look at seccomp profiles, and make filters of them",
    usage: all.map(({ usage }) => `bunker seccomp ${usage}`),
    sections: [
      ...(only === undefined ? [{ title: "Commands", rows: Object.entries(verbs).map(rowOf) }] : []),
      ...flagSections(flagSpecs(flags), new Map()).map((section) => ({ ...section, title: "Flags" })),
    ],
    closing: PROFILE,
  });
};

const rowOf = ([name, { summary }]: readonly [string, Verb]): readonly [string, string] => [name, summary];
