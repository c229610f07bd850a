/**
 * `bunker seccomp show [PROFILE]`: every call with what becomes of it.
 * @module
 */
import { filterIsNone } from "../../errors/seccomp.ts";
import { printAction } from "../../seccomp/action.ts";
import { type Filter, filterOf } from "../../seccomp/filter.ts";
import { callsOf } from "./describe.ts";
import { actionStyle, type Cell, type Paint, painter, table } from "./paint.ts";
import { NONE, type Subject, subjectOf } from "./subject.ts";
import { atMost, type Words } from "./words.ts";

export const show = (words: Words): void => {
  atMost("show", words, 1);
  const [name = "default"] = words.words;
  if (name === NONE) throw filterIsNone();
  const subject = subjectOf(name, words);
  const filter = filterOf(subject.profile, subject.arch);
  console.log(words.has("json") ? JSON.stringify(toJson(subject, filter), undefined, 2) : toText(subject, filter));
};

// --- internal ---

const toJson = ({ profile, policy, arch }: Subject, filter: Filter): Record<string, unknown> => ({
  profile: profile.name,
  arch,
  otherwise: printAction(policy.otherwise),
  unknown: printAction(policy.unknown),
  flags: profile.flags,
  instructions: filter.instructions,
  sha256: filter.sha256,
  calls: callsOf(policy),
  skipped: filter.skipped,
  remarks: filter.remarks,
});

const rowsOf = (subject: Subject): readonly (readonly Cell[])[] =>
  callsOf(subject.policy).flatMap(({ number, name, answers }) =>
    answers.map(({ action, when, why }, index) => [
      { text: index === 0 ? String(number) : "", right: true, style: "dim" as const },
      { text: index === 0 ? name : "" },
      { text: action, style: actionStyle(action) },
      { text: [when, why && `(${why})`].filter(Boolean).join("  "), style: "dim" as const },
    ]),
  );

const headOf = ({ profile, policy, arch }: Subject, filter: Filter, paint: Paint): string => {
  const head = `${profile.name}, ${arch}: ${filter.instructions} instructions, sha256 ${filter.sha256}`;
  const rest = `otherwise ${printAction(policy.otherwise)}; unknown calls ${printAction(policy.unknown)}; other ABIs kill process`;
  const flags = profile.flags.length === 0 ? [] : [`flags ${profile.flags.join(" ")}`];
  return [paint("bold", head), rest, ...flags].join("\n");
};

const toText = (subject: Subject, filter: Filter): string => {
  const paint = painter();
  const notes = [
    ...filter.remarks,
    ...(filter.skipped.length === 0 ? [] : [`no calls of ${subject.arch}: ${filter.skipped.join(", ")}`]),
  ];
  return [
    headOf(subject, filter, paint),
    table(rowsOf(subject), paint),
    ...(notes.length === 0 ? [] : [notes.join("\n")]),
  ].join("\n\n");
};
