/**
 * Landlock → the calls that restrict the process that becomes the payload.
 *
 * Which kernel an image will run on is not known when it is made, so that the version of the ABI is asked for when it runs, and all
 * masks are in a table, one row for each version. A kernel may refuse what belongs to the version that it claims (RHEL 9 claims 6 and
 * has no scope for signals): then the version before is tried.
 *
 * @see https://man7.org/linux/man-pages/man7/landlock.7.html
 * @see https://man7.org/linux/man-pages/man2/landlock_create_ruleset.2.html
 * @see https://man7.org/linux/man-pages/man2/landlock_restrict_self.2.html
 * @module
 */
import { branch, bytes, compute, fail, flags, jump, label, load, set, slot, text } from "../../ir/build.ts";
import { call, ignoring, onErrno, write } from "../../ir/calls.ts";
import type { Op, Operand } from "../../ir/op.ts";
import { errnos } from "../../linux/errno.ts";
import { LANDLOCK_CREATE_RULESET_VERSION } from "../../linux/landlock.ts";
import { restrictions } from "../landlock/handled.ts";
import { isAskedFor, LANDLOCK_FEATURES, type Landlock, needsOf } from "../landlock/policy.ts";
import { rulesOf } from "../landlock/rules.ts";
import type { Plan } from "../plan.ts";
import { addPathRules, addPortRules, addStreamRules, closeWaysAround, handledFs, ruleset } from "./landlock-rules.ts";
import { stamp } from "./target.ts";

/** What is in force: the version, 0 where there is nothing. */
const abi = slot("landlock abi");
/** Address of the row for it: `struct landlock_ruleset_attr`, and behind it the flags of landlock_restrict_self(2). */
const attr = slot("landlock attr");
const ATTR_BYTES = 24;
const ROW_SHIFT = 5;
const handledNet = slot("handled_access_net");
const handledAny = slot("handled at all");
const restrictFlags = slot("restrict flags");

/** Rows for the versions from 0 on. */
const tableOf = (landlock: Landlock): { readonly rows: Operand; readonly last: number } => {
  const rows = restrictions(landlock);
  const words = rows.flatMap((row) => [row.fs, row.net, row.scoped, row.restrictFlags].map(BigInt));
  const shown = `landlock_ruleset_attr[${rows.length}]`;
  return { rows: bytes(new Uint8Array(new BigUint64Array(words).buffer), shown), last: rows.length - 1 };
};

/** ENOSYS: not built in. EOPNOTSUPP: not enabled at boot. EPERM: a seccomp filter around us. All the same here: there is none. */
const askAbi = (last: number): readonly Op[] => [
  ignoring(call("landlock_create_ruleset", [0, 0, flags({ LANDLOCK_CREATE_RULESET_VERSION })], abi)),
  branch(abi, "greaterOrEqual", 0, "landlock: there"),
  set(abi, 0),
  label("landlock: there"),
  branch(abi, "lessOrEqual", last, "landlock: create"),
  set(abi, last),
  jump("landlock: create"),
];

/** Ends with `ruleset`, `attr` and `abi` for the newest version whose row the kernel takes; the row for 0 asks for nothing. */
const createRuleset = (rows: Operand): readonly Op[] => [
  label("landlock: older"),
  compute(abi, abi, "subtract", 1),
  label("landlock: create"),
  compute(attr, abi, "shiftLeft", ROW_SHIFT),
  compute(attr, attr, "add", rows),
  load(handledFs, attr, 0, 8),
  load(handledNet, attr, 8, 8),
  load(handledAny, attr, 16, 8),
  compute(handledAny, handledAny, "or", handledFs),
  compute(handledAny, handledAny, "or", handledNet),
  branch(handledAny, "equal", 0, "landlock: created"),
  onErrno(call("landlock_create_ruleset", [attr, ATTR_BYTES, 0], ruleset), ["EINVAL"], "landlock: older"),
  label("landlock: created"),
];

const STDERR = 2;

/** The lack of what is required ends the start; of what is preferred, a line on standard error tells. */
const checkNeeds = (landlock: Landlock): readonly Op[] =>
  needsOf(landlock).flatMap(({ what, abi: needed, level, sentence }) => {
    const line = `bunker: warning: ${sentence}\n`;
    return [
      branch(abi, "greaterOrEqual", needed, `landlock: has ${what}`),
      level === "required"
        ? fail(errnos.EOPNOTSUPP, { plugin: "landlock", phase: "landlock", sentence })
        : ignoring(write(STDERR, text(line), Buffer.byteLength(line))),
      label(`landlock: has ${what}`),
    ];
  });

const unlessNone = (mask: Operand, end: string, ops: readonly Op[]): readonly Op[] =>
  ops.length === 0 ? [] : [branch(mask, "equal", 0, end), ...ops, label(end)];

const restrictBy = (plan: Plan, landlock: Landlock): readonly Op[] => {
  const { rows, last } = tableOf(landlock);
  const files = isAskedFor(landlock, "fs") ? [...addPathRules(rulesOf(plan)), ...addStreamRules()] : [];
  const ports = isAskedFor(landlock, "tcp") ? addPortRules(landlock.tcp) : [];
  return [
    ...askAbi(last),
    ...createRuleset(rows),
    ...checkNeeds(landlock),
    ...unlessNone(handledAny, "landlock: none", [
      ...unlessNone(handledFs, "landlock: no files", files),
      ...unlessNone(handledNet, "landlock: no ports", ports),
      load(restrictFlags, attr, ATTR_BYTES, 8),
      // The ruleset is made with O_CLOEXEC: execve closes it.
      call("landlock_restrict_self", [ruleset, restrictFlags]),
      ...unlessNone(handledNet, "landlock: no filter", ports.length === 0 ? [] : [closeWaysAround()]),
    ]),
  ];
};

/** In the payload's process. Needs no_new_privs, or CAP_SYS_ADMIN in the user namespace. */
export const restrictPayload = (plan: Plan): readonly Op[] => {
  const { landlock } = plan;
  if (landlock === undefined || !LANDLOCK_FEATURES.some((feature) => isAskedFor(landlock, feature))) return [];
  return stamp(landlock.plugin, "landlock", restrictBy(plan, landlock));
};
