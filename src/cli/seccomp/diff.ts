/**
 * `bunker seccomp diff PROFILE PROFILE`: the calls that two profiles decide differently. Exit status 1 where there are any, as diff(1) has it.
 *
 * Two bodies of rules are alike when they compile to the same nodes, however they are written.
 * @module
 */
import { diffMissing } from "../../errors/seccomp.ts";
import { type Action, printAction } from "../../seccomp/action.ts";
import { decideByArguments } from "../../seccomp/arguments.ts";
import { Graph, type Node } from "../../seccomp/graph.ts";
import type { Policy } from "../../seccomp/policy.ts";
import { type Answer, answersTo, callsOf } from "./describe.ts";
import { actionStyle, type Paint, painter } from "./paint.ts";
import { type Subject, subjectOf } from "./subject.ts";
import { atMost, type Words } from "./words.ts";

/** The exit status. */
export const diff = (words: Words): number => {
  atMost("diff", words, 2);
  const [one, other] = words.words;
  if (one === undefined || other === undefined) throw diffMissing();
  const subjects = [subjectOf(one, words), subjectOf(other, words)] as const;
  const differences = differencesOf(...subjects);
  console.log(
    words.has("json") ? JSON.stringify(toJson(subjects, differences), undefined, 2) : toText(subjects, differences),
  );
  return differences.length === 0 ? 0 : 1;
};

// --- internal ---

interface Difference {
  readonly call: string;
  readonly left: readonly Answer[];
  readonly right: readonly Answer[];
}

const bodyOf = (policy: Policy, number: number, graph: Graph): Node =>
  policy.isKnown(number)
    ? decideByArguments(policy.rules.get(number) ?? [], { graph, otherwise: policy.otherwise })
    : graph.return(policy.unknown);

const always = (action: Action): readonly Answer[] => [{ action: printAction(action), when: "", why: "" }];

const differencesOf = ({ policy: left }: Subject, { policy: right }: Subject): readonly Difference[] => {
  const graph = new Graph();
  const calls = callsOf(left)
    .filter(({ number }) => bodyOf(left, number, graph) !== bodyOf(right, number, graph))
    .map(({ number, name, answers }) => ({ call: name, left: answers, right: answersTo(right, number) }));
  const unknown = { call: "(newer calls)", left: always(left.unknown), right: always(right.unknown) };
  return graph.return(left.unknown) === graph.return(right.unknown) ? calls : [...calls, unknown];
};

type Subjects = readonly [Subject, Subject];

const toJson = ([left, right]: Subjects, differences: readonly Difference[]): Record<string, unknown> => ({
  arch: left.arch,
  left: left.profile.name,
  right: right.profile.name,
  differences,
});

const toText = ([left, right]: Subjects, differences: readonly Difference[]): string => {
  const paint = painter();
  if (differences.length === 0) return `${left.profile.name} and ${right.profile.name} decide alike on ${left.arch}`;
  const width = Math.max(...differences.map(({ call }) => call.length));
  return [
    paint("bold", `- ${left.profile.name}`),
    paint("bold", `+ ${right.profile.name}`),
    "",
    ...differences.flatMap((difference) => linesOf(difference, width, paint)),
  ].join("\n");
};

/** `ptrace  EPERM → allow`, and with conditions a line for each answer. */
const linesOf = ({ call, left, right }: Difference, width: number, paint: Paint): readonly string[] => {
  const [[before, ...othersBefore], [after, ...othersAfter]] = [left, right];
  const isPlain = othersBefore.length + othersAfter.length === 0 && before !== undefined && after !== undefined;
  const styled = ({ action }: Answer): string => paint(actionStyle(action), action);
  if (isPlain) return [`${call.padEnd(width)}  ${styled(before)} → ${styled(after)}`];
  const each = (sign: string, answers: readonly Answer[]): readonly string[] =>
    answers.map((answer) => `  ${sign} ${styled(answer)}${answer.when === "" ? "" : ` when ${answer.when}`}`);
  return [call, ...each("-", left), ...each("+", right)];
};
