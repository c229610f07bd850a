/**
 * The last steps, in the process that becomes the payload: what it inherits, what it may do, and execve.
 * @module
 */
import { branch, compute, fail, flags, jump, label, load, set, slot, text, vector } from "../../ir/build.ts";
import { call, described, onErrno, prctl } from "../../ir/calls.ts";
import type { Op, Operand, SyscallOp } from "../../ir/op.ts";
import { TERMINAL_MODES } from "../../launcher/layout.ts";
import { resetSignals, unblockSignals } from "../../launcher/signals.ts";
import { errnos } from "../../linux/errno.ts";
import { PR_SET_NO_NEW_PRIVS } from "../../linux/process.ts";
import type { Plan } from "../plan.ts";
import { restrictCapabilities } from "./capabilities.ts";
import { becomeUser } from "./identity.ts";
import { restrictPayload } from "./landlock.ts";
import { stamp } from "./target.ts";
import { joinOwnTerminal } from "./terminal.ts";

const steps = (plan: Plan, phase: "session" | "identity" | "landlock" | "seccomp"): readonly Op[] =>
  plan.steps.filter((step) => step.phase === phase).flatMap((step) => stamp(step.plugin, phase, step.ops));

const CLOSE_RANGE_CLOEXEC = 4;

const EXEC = {
  path: slot("exec path"),
  next: slot("exec next"),
  result: slot("exec result"),
  worst: slot("exec errno"),
};

/** One path after the other, in a loop: an image is small. ENOENT and ENOTDIR try the next one, EACCES is remembered. */
const tryPaths = (paths: readonly string[], exec: (path: Operand) => SyscallOp): readonly Op[] => [
  set(EXEC.worst, errnos.ENOENT),
  set(EXEC.next, vector(...paths.map(text), 0)),
  label("exec: next"),
  load(EXEC.path, EXEC.next, 0, 8),
  compute(EXEC.next, EXEC.next, "add", 8),
  branch(EXEC.path, "equal", 0, "exec: no more"),
  onErrno({ ...exec(EXEC.path), into: EXEC.result }, ["ENOENT", "ENOTDIR", "EACCES"], "exec: not here"),
  label("exec: not here"),
  branch(EXEC.result, "notEqual", -errnos.EACCES, "exec: next"),
  set(EXEC.worst, errnos.EACCES),
  jump("exec: next"),
  label("exec: no more"),
];

/** As execvp(3): a name with a slash is a path, any other is looked for in PATH, which is the sandbox's own. */
const execute = (plan: Plan, argv: Operand, search: string): readonly Op[] => {
  const [name = ""] = plan.command;
  const environment = vector(...plan.environment.map((one) => text(`${one.name}=${one.value}`)), 0);
  const sentence = `execve(${JSON.stringify(name)})`;
  const exec = (path: Operand): SyscallOp => described(call("execve", [path, argv, environment]), sentence);
  const origin = { plugin: "bunker", phase: "exec", sentence };
  // The kernel does not come back from an exec that worked; the last operation must still be an end.
  if (name.includes("/")) return [exec(text(name)), fail(errnos.ENOENT, origin)];
  const paths = search.split(":").map((directory) => `${directory || "."}/${name}`);
  return [...tryPaths(paths, exec), fail(EXEC.worst, origin)];
};

const pathOf = (plan: Plan): string => plan.environment.find((one) => one.name === "PATH")?.value ?? "/usr/bin:/bin";

/**
 * A process group knows no PID namespace: `kill(0, …)` reaches every member that has the same kernel id, so that a payload in the
 * caller's group could end the caller. With the caller's own terminal it has to be there (job control); otherwise it gets a session,
 * and with it a group, of its own, and monitor and init hand on what the terminal sends.
 */
export const leaveJob = ({ terminal, shares }: Terminals, who: "init" | "payload"): readonly Op[] =>
  terminal === TERMINAL_MODES.none && shares === 0 ? [call("setsid", [])] : leaveJobUnless({ terminal, shares }, who);

const leaveJobUnless = ({ terminal, shares }: Terminals, who: "init" | "payload"): readonly Op[] => [
  branch(shares, "notEqual", 0, `${who} in its job`),
  // With a terminal of the sandbox's own it is in that one's session.
  branch(terminal, "notEqual", TERMINAL_MODES.none, `${who} in its job`),
  call("setsid", []),
  label(`${who} in its job`),
];

/**
 * The filter last, so that it need not allow what the launcher does. Without no_new_privs both restrictions take CAP_SYS_ADMIN (seccomp(2),
 * landlock_restrict_self(2)): then they are made while the launcher still has that, and the filter must allow what follows.
 */
const confine = (plan: Plan, last: readonly Op[]): readonly Op[] => {
  const filter = steps(plan, "seccomp");
  const capabilities = stamp(plan.capabilities.plugin, "capabilities", restrictCapabilities(plan));
  if (plan.newPrivileges.allowed)
    return [...restrictPayload(plan), ...filter, ...capabilities, ...steps(plan, "landlock"), ...last];
  const noNewPrivileges = stamp(plan.newPrivileges.plugin, "no_new_privs", [prctl(flags({ PR_SET_NO_NEW_PRIVS }), 1)]);
  return [
    ...capabilities,
    ...noNewPrivileges,
    ...restrictPayload(plan),
    ...steps(plan, "landlock"),
    ...last,
    ...filter,
  ];
};

export interface Terminals {
  /** One of `TERMINAL_MODES`. */
  readonly terminal: Operand;
  /** Not 0 where the payload has the caller's own terminal. */
  readonly shares: Operand;
}

export interface PayloadOptions extends Terminals {
  /** The address of the payload's arguments, its name first. */
  readonly argv: Operand;
}

export const becomePayload = (plan: Plan, { argv, terminal, shares }: PayloadOptions): readonly Op[] => [
  ...stamp("bunker", "session", [
    ...leaveJob({ terminal, shares }, "payload"),
    ...joinOwnTerminal(terminal, plan.init.enabled),
    ...resetSignals(),
    // In the new root, after the old one is gone and every source is closed: no path leads out of the sandbox.
    call("chdir", [text(plan.workdir.path)]),
  ]),
  ...steps(plan, "session"),
  ...stamp(plan.identity.plugin, "identity", becomeUser(plan.identity, { init: plan.init.enabled })),
  ...steps(plan, "identity"),
  // The status pipe must live until the exec has succeeded: it is what a failure is reported on.
  ...confine(
    plan,
    stamp("bunker", "exec", [call("close_range", [3, 0xffffffff, flags({ CLOSE_RANGE_CLOEXEC })]), unblockSignals()]),
  ),
  ...stamp("bunker", "exec", execute(plan, argv, pathOf(plan))),
];
