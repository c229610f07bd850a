/**
 * Plan → the launcher's operations, from the first moment in the new namespaces to the payload, init included.
 *
 * The two targets share everything but their edges: who opens sources, who maps ids, how a failure is told.
 * @module
 */
import { branch, constant, flags, label, slot } from "../../ir/build.ts";
import { call, closeRange, exitGroup, prctl } from "../../ir/calls.ts";
import type { Op, Operand } from "../../ir/op.ts";
import { type InitOptions, lifelineFd, payloadPid, runInit } from "../../launcher/init.ts";
import { FDS, TERMINAL_MODES } from "../../launcher/layout.ts";
import { heedChildren, POLL, polled, pollNow } from "../../launcher/signals.ts";
import { NAMESPACES } from "../../linux/namespace.ts";
import { CLONE_VFORK, CLONE_VM, EXIT, PR_SET_DUMPABLE, SIGNALS } from "../../linux/process.ts";
import type { OpenPhase } from "../phase.ts";
import type { Plan } from "../plan.ts";
import type { WriteId } from "./content.ts";
import { layCovers } from "./covers.ts";
import { makeEntries } from "./entries.ts";
import { openKernelFilesystems } from "./filesystem.ts";
import { dieWithParent } from "./identity.ts";
import { restoreNofile } from "./limits.ts";
import { becomePayload, leaveJob, type Terminals } from "./payload.ts";
import { changeRoot, seal } from "./root.ts";
import { restrictSources } from "./sources.ts";
import { stamp, type Target } from "./target.ts";
import { openOwnTerminal } from "./terminal.ts";

const CORE = "bunker";

/** Set by a failure in the process that shares its memory with init, for init to see. */
export const launchFailed = slot("launch failed");

const steps = (plan: Plan, phase: OpenPhase): readonly Op[] =>
  plan.steps.filter((step) => step.phase === phase).flatMap((step) => stamp(step.plugin, phase, step.ops));

export const asksFor = (plan: Plan, name: keyof typeof NAMESPACES): boolean =>
  plan.namespaces.some((namespace) => namespace.name === name);

const enterTime = (plan: Plan): readonly Op[] =>
  asksFor(plan, "time")
    ? stamp("timens", "time", [call("unshare", [constant(NAMESPACES.time.flag, NAMESPACES.time.constant)])])
    : [];

/**
 * Waits for one byte, where somebody outside has work to do first. The end of the pipe means that nobody is left to do it.
 */
export const awaitRelease = (): readonly Op[] => [
  call("read", [lifelineFd, { kind: "buffer", name: "release", sizeBytes: 16 }, 1], slot("released")),
  branch(slot("released"), "equal", 1, "released"),
  exitGroup(EXIT.failed),
  label("released"),
];

/**
 * Without an init nobody looks at the lifeline later, and a parent that ended before the death signal was armed sends none:
 * once it is armed, the pipe tells.
 */
const leaveIfAbandoned = (): readonly Op[] => [
  ...pollNow({ fd: lifelineFd, events: POLL.end }),
  polled(0, slot("abandoned")),
  branch(slot("abandoned"), "equal", 0, "not abandoned"),
  exitGroup(EXIT.failed),
  label("not abandoned"),
];

/**
 * CLONE_VM | CLONE_VFORK: the child borrows this memory, and init goes on when it has been executed or has failed. Nothing is
 * copied, and init learns of a failure from `launchFailed`. Safe because generated code has no stack.
 */
const forkPayload = (payload: readonly Op[], options: InitOptions, terminals: Terminals): readonly Op[] => [
  ...stamp("pid", "exec", [
    // Init too: a signal of the terminal's that is pending here would swallow the same one from the monitor (signal(7)).
    ...leaveJob(terminals, "init"),
    heedChildren(),
    call("clone", [flags({ CLONE_VM, CLONE_VFORK, SIGCHLD: SIGNALS.CHLD }), 0, 0, 0, 0], payloadPid),
  ]),
  branch(payloadPid, "notEqual", 0, "init"),
  ...payload,
  label("init"),
  branch(launchFailed, "equal", 0, "init: running"),
  exitGroup(launchFailed),
  label("init: running"),
  ...runInit(options),
];

export interface LauncherParts extends Terminals {
  /** Opens the sources into their slots, or says where they are already. */
  readonly sources: readonly Op[];
  readonly identity: readonly Op[];
  /** Behind the change of the root: what is made of parts is made, and not yet in its place. */
  readonly made?: readonly Op[];
  readonly writeId: WriteId;
  readonly argv: Operand;
}

/** Everything between release and the running payload. */
export const lowerLauncher = (plan: Plan, target: Target, parts: LauncherParts): readonly Op[] => [
  ...enterTime(plan),
  ...steps(plan, "time"),
  ...stamp(plan.root.plugin, "sources", parts.sources),
  ...stamp(plan.root.plugin, "sources", restrictSources(plan)),
  ...openKernelFilesystems(plan),
  ...stamp(plan.identity.plugin, "identity map", [
    ...parts.identity,
    // Where init's end does not end the rest, it must live to see the end of the lifeline, and end the payload.
    ...(asksFor(plan, "pid") || !plan.init.enabled ? [dieWithParent()] : []),
    ...(plan.init.enabled ? [] : leaveIfAbandoned()),
  ]),
  ...steps(plan, "uts"),
  ...steps(plan, "network"),
  ...stamp(plan.root.plugin, "root", changeRoot(plan, parts.writeId)),
  ...(parts.made ?? []),
  ...makeEntries(plan, parts.writeId),
  ...steps(plan, "mounts"),
  ...layCovers(plan),
  ...stamp(plan.root.plugin, "mounts", seal(plan)),
  ...stamp(CORE, "limits", [
    // Detached mounts and whatever else came along: from here no descriptor leads out of the sandbox.
    closeRange(parts.terminal === TERMINAL_MODES.none ? FDS.terminal : FDS.firstSource, 0xffffffff),
    ...(target.kind === "launch" && target.nofile ? [restoreNofile(target.nofile)] : []),
  ]),
  ...steps(plan, "limits"),
  ...stamp(plan.stdio.plugin, "session", openOwnTerminal(parts.terminal)),
  // /proc/1 tells nothing, and nobody inside may trace init: it becomes root's in /proc, and PTRACE_ATTACH needs CAP_SYS_PTRACE.
  ...stamp(CORE, "limits", [prctl(flags({ PR_SET_DUMPABLE }), 0)]),
  ...(plan.init.enabled
    ? forkPayload(becomePayload(plan, parts), { ownPids: asksFor(plan, "pid"), ownGroup: parts.shares === 0 }, parts)
    : becomePayload(plan, parts)),
];
