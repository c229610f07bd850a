/**
 * A plan for people, and for machines: what the sandbox will be, and which plugin asked for what.
 * @module
 */
import { printable } from "../errors/text.ts";
import type { Op } from "../ir/op.ts";
import { printOp, printProgram } from "../ir/print.ts";
import type { Program } from "../ir/program.ts";
import { CAPABILITIES } from "../linux/capability.ts";
import { type Extent, showIds } from "../linux/idmap.ts";
import { ID_RANGE_IDS } from "../linux/idpool.ts";
import type { Identity, Stdio } from "./contribution.ts";
import { coverRows, entryText, type Row, rootText, word } from "./explain-files.ts";
import { kernelText, landlockToJson, reportLandlock } from "./landlock/report.ts";
import { lockedSecurebits } from "./lower/capabilities.ts";
import type { From, Plan } from "./plan.ts";

const CORE = "bunker";

/** Rows with their columns aligned; the last one is left ragged. */
const columns = (rows: readonly Row[]): readonly string[] => {
  const widths = rows.reduce<number[]>(
    (all, row) => row.slice(0, -1).map((cell, at) => Math.max(cell.length, all[at] ?? 0)),
    [],
  );
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")}`.trimEnd());
};

const section = (title: string, rows: readonly Row[]): readonly string[] =>
  rows.length === 0 ? [] : ["", title, ...columns(rows)];

const idName = (id: number | "caller"): string => (id === "caller" ? "the caller's id" : String(id));

const OUTSIDE: Readonly<Record<Identity["outside"], string>> = {
  caller: "the caller's ids outside",
  own: "unprivileged ids outside that no other sandbox has",
  range: `ids ${showIds(0, ID_RANGE_IDS)} inside, unprivileged ones outside that no other sandbox has`,
  maps: "ids outside as they are mapped",
  host: "no user namespace: the caller itself",
};

const extentText = ({ inside, outside, count }: Extent): string =>
  `${showIds(inside, count)} inside, ${showIds(outside, count)} outside`;

const mapRows = ({ identity: { maps, plugin } }: Plan): readonly Row[] =>
  (["uid", "gid"] as const).flatMap((which) =>
    (maps?.[which] ?? []).map((extent) => [which, extentText(extent), maps?.helpers?.[which] ?? "", plugin]),
  );

const groupText = ({ groups = [] }: Identity): string => (groups.length === 0 ? "none" : groups.join(" "));

const nestingText = ({ nested = false, outside }: Identity): string =>
  nested || outside === "host" ? "may be made inside" : "none can be made inside";

const securebitsText = (plan: Plan): string => {
  const bits = lockedSecurebits(plan);
  return bits.length === 0 ? "the kernel's defaults, not locked" : `${bits.join(" ")}, KEEP_CAPS off, all locked`;
};

const identityText = ({ uid, gid, outside, name, home }: Identity): string =>
  `${printable(name)}, uid ${idName(uid)}, gid ${idName(gid)}, home ${word(home)}; ${OUTSIDE[outside]}`;

/** What people want to know of an operation: its own words where it has some. */
const opText = (op: Op): string =>
  ((op.kind === "syscall" || op.kind === "fail") && op.origin?.sentence) || printOp(op);

const stepRows = (plan: Plan): readonly Row[] =>
  plan.steps.flatMap(({ phase, ops, plugin }) =>
    ops.filter((op) => op.kind === "syscall").map((op) => [phase, printable(opText(op)), plugin]),
  );

const TERMINALS: Readonly<Record<Stdio["terminal"], string>> = {
  auto: "a terminal of its own where standard input is one",
  always: "a terminal of its own",
  never: "no terminal",
};

const stdioText = ({ streams, terminal }: Stdio): string =>
  streams === "inherit"
    ? "the caller's own: files can be opened again, a terminal can be typed into"
    : `pipes as they are, files through pipes; ${TERMINALS[terminal]}`;

const capabilityText = (numbers: readonly number[]): string =>
  numbers.length === 0
    ? "none, in all five sets"
    : numbers.map((number) => CAPABILITIES[number] ?? `CAP_${number}`).join(" ");

const supervisionText = ({ supervisedBy, runOnly }: Plan): string =>
  supervisedBy.length === 0
    ? `self-contained: no plugin has work to do outside${
        runOnly.length === 0
          ? ", so that it can be compiled"
          : `; for bunker run alone: ${runOnly.map(({ plugin, reason }) => `${plugin}: ${printable(reason)}`).join("; ")}`
      }`
    : `supervised: ${supervisedBy.map(({ plugin, hooks }) => `${plugin} has work to do outside (${hooks.join(", ")})`).join("; ")}`;

const SHOWN_HASH_CHARACTERS = 16;

const seccompText = ({ seccomp }: Plan): string => {
  if (seccomp === undefined) return "no filter: every system call is the kernel's to refuse";
  const { profile, instructions, sha256, log } = seccomp;
  const hash = sha256.slice(0, SHOWN_HASH_CHARACTERS);
  return `${word(profile)}${log ? ", logs instead of denying" : ""}, ${instructions} instructions, sha256 ${hash}`;
};

const summaryRows = (plan: Plan): readonly Row[] => [
  ["command", plan.command.map(word).join(" "), ""],
  ["kind", supervisionText(plan), ""],
  ["identity", identityText(plan.identity), plan.identity.plugin],
  ["groups", groupText(plan.identity), plan.identity.plugin],
  ["user namespaces", nestingText(plan.identity), plan.identity.plugin],
  ["root", rootText(plan.root), plan.root.plugin],
  ["directory", word(plan.workdir.path), plan.workdir.plugin],
  ["streams", stdioText(plan.stdio), plan.stdio.plugin],
  [
    "init",
    plan.init.enabled ? "yes: reaps, forwards signals" : "no: the command is the first process",
    plan.init.plugin,
  ],
  ["capabilities", capabilityText(plan.capabilities.numbers), plan.capabilities.plugin],
  ["securebits", securebitsText(plan), plan.capabilities.plugin],
  [
    "oom score",
    plan.oomScore.atLeast === 0 ? "the caller's" : `at least ${plan.oomScore.atLeast}`,
    plan.oomScore.plugin,
  ],
  [
    "execve",
    plan.newPrivileges.allowed ? "may gain privileges" : "gains no privileges (no_new_privs)",
    plan.newPrivileges.plugin,
  ],
  ["seccomp", seccompText(plan), plan.seccomp?.plugin ?? CORE],
];

/** What a plan does not say, since it depends on where it runs. */
export interface Kernel {
  /** The version of Landlock's ABI; a negative errno where there is none. */
  readonly landlockAbi?: number;
}

const landlockRows = (plan: Plan, { landlockAbi }: Kernel): readonly Row[] =>
  reportLandlock(plan, landlockAbi).map(({ feature, level, state, text }) => [
    feature,
    ...(state === "off" ? [state, ""] : [level, printable(text === "" ? state : `${state}: ${text}`)]),
    plan.landlock?.plugin ?? "",
  ]);

/** The plan as text: each line ends with the plugin that asked for it. */
export const explainPlan = (plan: Plan, kernel: Kernel = {}): string =>
  [
    ...columns(summaryRows(plan)).map((line) => line.slice(2)),
    ...section(
      "namespaces",
      plan.namespaces.map(({ name, plugin }) => [name, plugin]),
    ),
    ...section("id maps", mapRows(plan)),
    ...section(
      "file system",
      plan.entries.map((entry) => [word(entry.target), entryText(entry), entry.plugin]),
    ),
    ...section(`landlock (${kernelText(kernel.landlockAbi)})`, landlockRows(plan, kernel)),
    ...section("covers", coverRows(plan)),
    ...section(
      "environment",
      plan.environment.map(({ name, value, plugin }) => [`${word(name)}=${word(value)}`, plugin]),
    ),
    ...section("steps", stepRows(plan)),
    ...section(
      "notes",
      plan.notes.map(({ text, plugin }) => [printable(text), plugin]),
    ),
  ].join("\n");

/** Every operation, in strace's notation, under headings that say who asked. */
export const explainProgram = (program: Program): string => printProgram(program, { origins: true });

const withoutOps = ({ phase, ops, plugin }: Plan["steps"][number]): Record<string, unknown> => ({
  phase,
  plugin,
  operations: ops.map(printOp),
});

const capabilitiesToJson = ({
  numbers,
  plugin,
}: From<{ readonly numbers: readonly number[] }>): Record<string, unknown> => ({
  names: numbers.map((number) => CAPABILITIES[number] ?? `CAP_${number}`),
  plugin,
});

/** The plan as JSON has it: operations as text. */
export const planToJson = (plan: Plan, { landlockAbi }: Kernel = {}): Record<string, unknown> => ({
  ...plan,
  selfContained: plan.supervisedBy.length === 0,
  steps: plan.steps.map(withoutOps),
  capabilities: capabilitiesToJson(plan.capabilities),
  securebits: { locked: lockedSecurebits(plan), plugin: plan.capabilities.plugin },
  landlock: landlockToJson(plan, landlockAbi),
  seccomp: plan.seccomp ?? null,
  secrets: plan.secrets.map(({ name, plugin }) => ({ name, plugin })),
});

/** The program as JSON has it: one object an operation. */
export const programToJson = (program: Program): readonly Record<string, unknown>[] =>
  program.ops.map((op) => ({
    kind: op.kind,
    text: printOp(op),
    ...((op.kind === "syscall" || op.kind === "fail") && op.origin ? { origin: op.origin } : {}),
  }));
