/**
 * The last steps, in the process that becomes the payload: what it inherits, what it may do, and execve.
 * @module
 */
import {
  branch,
  bytes,
  compute,
  constant,
  fail,
  flags,
  jump,
  label,
  load,
  set,
  slot,
  text,
  vector,
} from "../../ir/build.ts";
import { call, described, onErrno, prctl } from "../../ir/calls.ts";
import type { Op, Operand, SyscallOp } from "../../ir/op.ts";
import { resetSignals, unblockSignals } from "../../launcher/signals.ts";
import { CAPABILITIES, CAPABILITY_HEADER } from "../../linux/capability.ts";
import { errnos } from "../../linux/errno.ts";
import {
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_RAISE,
  PR_CAPBSET_DROP,
  PR_SET_NO_NEW_PRIVS,
} from "../../linux/process.ts";
import type { Plan } from "../plan.ts";
import { stamp } from "./target.ts";

const maskOf = (numbers: readonly number[]): bigint =>
  numbers.reduce((mask, number) => mask | (1n << BigInt(number)), 0n);

const shown = (numbers: readonly number[]): string =>
  numbers.length === 0 ? "0" : numbers.map((number) => `CAP_${CAPABILITIES[number] ?? number}`).join("|");

/** Capability numbers are tried upwards until the kernel says EINVAL: it knows no more of them. */
const dropBounding = (kept: readonly number[]): readonly Op[] => {
  const number = slot("capability");
  const kept1 = slot("kept");
  return [
    set(number, 0),
    label("bounding"),
    compute(kept1, constant(maskOf(kept), shown(kept)), "shiftRight", number),
    compute(kept1, kept1, "and", 1),
    branch(kept1, "notEqual", 0, "bounding: next"),
    onErrno(prctl(flags({ PR_CAPBSET_DROP }), number), ["EINVAL"], "bounding: done"),
    label("bounding: next"),
    compute(number, number, "add", 1),
    jump("bounding"),
    label("bounding: done"),
  ];
};

const word = (mask: bigint, half: 0 | 1): number => Number((mask >> BigInt(32 * half)) & 0xffffffffn);

/** `struct __user_cap_data_struct { u32 effective, permitted, inheritable } [2]`, the same set three times. */
const capabilityData = (numbers: readonly number[]): Uint8Array => {
  const mask = maskOf(numbers);
  const [low, high] = [word(mask, 0), word(mask, 1)];
  return new Uint8Array(new Uint32Array([low, low, low, high, high, high]).buffer);
};

/**
 * All five sets become exactly `numbers`. The bounding set first, while CAP_SETPCAP is still there; the ambient set last,
 * since only what is permitted and inheritable can be in it. It is what an unprivileged user keeps through execve.
 */
const setCapabilities = (numbers: readonly number[]): readonly Op[] => [
  prctl(flags({ PR_CAP_AMBIENT }), flags({ PR_CAP_AMBIENT_CLEAR_ALL })),
  ...dropBounding(numbers),
  described(
    call("capset", [
      bytes(CAPABILITY_HEADER, "{_LINUX_CAPABILITY_VERSION_3, 0}"),
      bytes(capabilityData(numbers), `{${shown(numbers)}}`),
    ]),
    `capset(${shown(numbers)})`,
  ),
  ...numbers.map((number) =>
    prctl(flags({ PR_CAP_AMBIENT }), flags({ PR_CAP_AMBIENT_RAISE }), constant(number, shown([number]))),
  ),
];

const steps = (plan: Plan, phase: "session" | "landlock" | "seccomp"): readonly Op[] =>
  plan.steps.filter((step) => step.phase === phase).flatMap((step) => stamp(step.plugin, phase, step.ops));

const CLOSE_RANGE_CLOEXEC = 4;

const EXEC = {
  path: slot("exec path"),
  next: slot("exec next"),
  result: slot("exec result"),
  worst: slot("exec errno"),
};

/** One path after the other, in a loop: an image has 10 KB. ENOENT and ENOTDIR try the next one, EACCES is remembered. */
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
 * caller's group could end the caller. With a terminal it has to be there (job control); without one it gets a session, and
 * with it a group, of its own, and monitor and init hand on what the terminal sends.
 */
export const leaveJob = (terminal: Operand, who: "init" | "payload"): readonly Op[] => [
  branch(terminal, "notEqual", 0, `${who} in the caller's job`),
  call("setsid", []),
  label(`${who} in the caller's job`),
];

export interface PayloadOptions {
  /** The address of the payload's arguments, its name first. */
  readonly argv: Operand;
  /** Not 0 where standard input is a terminal. */
  readonly terminal: Operand;
}

export const becomePayload = (plan: Plan, { argv, terminal }: PayloadOptions): readonly Op[] => [
  ...stamp("bunker", "session", [
    ...leaveJob(terminal, "payload"),
    ...resetSignals(),
    // In the new root, after the old one is gone and every source is closed: no path leads out of the sandbox.
    call("chdir", [text(plan.workdir.path)]),
  ]),
  ...steps(plan, "session"),
  ...stamp(plan.capabilities.plugin, "capabilities", setCapabilities(plan.capabilities.numbers)),
  ...stamp(
    plan.newPrivileges.plugin,
    "no_new_privs",
    plan.newPrivileges.allowed ? [] : [prctl(flags({ PR_SET_NO_NEW_PRIVS }), 1)],
  ),
  ...steps(plan, "landlock"),
  // The status pipe must live until the exec has succeeded: it is what a failure is reported on.
  ...stamp("bunker", "exec", [call("close_range", [3, 0xffffffff, flags({ CLOSE_RANGE_CLOEXEC })]), unblockSignals()]),
  ...steps(plan, "seccomp"),
  ...stamp("bunker", "exec", execute(plan, argv, pathOf(plan))),
];
