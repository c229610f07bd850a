/**
 * Plan → the launcher's operations, from the first moment in the new namespaces to the payload, init included.
 *
 * The two targets share everything but their edges: who opens sources, who maps ids, how a failure is told.
 * @module
 */
import { branch, constant, flags, label, slot, text } from "../../ir/build.ts";
import { call, closeRange, exitGroup, ignoring, prctl } from "../../ir/calls.ts";
import type { Op, Operand } from "../../ir/op.ts";
import { type InitOptions, lifelineFd, payloadPid, runInit } from "../../launcher/init.ts";
import { FDS, TERMINAL_MODES } from "../../launcher/layout.ts";
import { raiseOomScore } from "../../launcher/oom.ts";
import { heedChildren, POLL, polled, pollNow } from "../../launcher/signals.ts";
import { CAPABILITIES } from "../../linux/capability.ts";
import { NAMESPACES } from "../../linux/namespace.ts";
import { CLONE_VFORK, CLONE_VM, EXIT, PR_SET_DUMPABLE, SIGNALS } from "../../linux/process.ts";
import type { OpenPhase } from "../phase.ts";
import type { Plan } from "../plan.ts";
import { setCapabilities } from "./capabilities.ts";
import type { WriteId } from "./content.ts";
import { layCovers } from "./covers.ts";
import { makeEntries } from "./entries.ts";
import { openKernelFilesystems } from "./filesystem.ts";
import { changesIds, dieWithParent } from "./identity.ts";
import { restoreNofile } from "./limits.ts";
import { forbidNesting } from "./nesting.ts";
import { overlaysOf } from "./overlay.ts";
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
 * An image that cannot be read makes a process whose files in /proc are root's (launch/memfd.ts). Where the launcher, or a helper with
 * the caller's rights, has to write to some of them, they become the caller's again for as long as nobody else is inside.
 */
export const openOwnFiles = (): Op => prctl(flags({ PR_SET_DUMPABLE }), 1);

/** Before the ids change: then /proc/self is no longer the launcher's to write to. */
const raiseOwnOomScore = ({ oomScore: { atLeast, plugin } }: Plan): readonly Op[] => {
  const path = "/proc/self/oom_score_adj";
  return stamp(plugin, "time", atLeast === 0 ? [] : raiseOomScore("oom", { path: text(path), shown: path, atLeast }));
};

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
 * once it is armed, the pipe tells. Of a parent with several threads the first may be gone, and the signal with it, while others are
 * still about to close the pipe: it is asked a second time, when all that takes long is done.
 */
const leaveIfAbandoned = (when: string): readonly Op[] => [
  ...pollNow({ fd: lifelineFd, events: POLL.end }),
  polled(0, slot("abandoned")),
  branch(slot("abandoned"), "equal", 0, `not abandoned ${when}`),
  exitGroup(EXIT.failed),
  label(`not abandoned ${when}`),
];

/**
 * Where init's end does not end the rest, or where its end gives away the ids that the rest has, it must live to see the end of the
 * lifeline, and end the others first.
 */
const diesWithParent = (plan: Plan): boolean =>
  !plan.init.enabled || (asksFor(plan, "pid") && plan.identity.outside !== "range");

const armed = (plan: Plan): readonly Op[] => (diesWithParent(plan) ? [dieWithParent()] : []);

/** The ids have changed for a moment (stage.ts). */
const madeAsPayload = (plan: Plan): boolean => overlaysOf(plan).length > 0 && changesIds(plan.identity);

/** A payload of another user must still get the signals that are handed on, and its end. */
const OF_INIT = [CAPABILITIES.indexOf("KILL")];

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
  // EPERM: with --userns host, where the caller has no CAP_KILL.
  ...stamp("pid", "exec", [ignoring(setCapabilities(OF_INIT), "EPERM")]),
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

/** All but what init needs: status pipe, lifeline, the socket for a terminal, and the lock of its ids. */
const closeSources = ({ identity }: Plan, { terminal }: Terminals): readonly Op[] => {
  const first = terminal === TERMINAL_MODES.none ? FDS.terminal : FDS.firstSource;
  if (identity.outside !== "range") return [closeRange(first, 0xffffffff)];
  const hasNone = first === FDS.terminal;
  return [...(hasNone ? [closeRange(first, first)] : []), closeRange(FDS.firstSource + 1, 0xffffffff)];
};

/** Everything between release and the running payload. */
export const lowerLauncher = (plan: Plan, target: Target, parts: LauncherParts): readonly Op[] => [
  ...raiseOwnOomScore(plan),
  ...enterTime(plan),
  ...steps(plan, "time"),
  ...stamp(plan.root.plugin, "sources", parts.sources),
  ...stamp(plan.root.plugin, "sources", restrictSources(plan)),
  ...openKernelFilesystems(plan),
  ...stamp(plan.identity.plugin, "sources", forbidNesting(plan)),
  ...stamp(plan.identity.plugin, "identity map", [
    ...parts.identity,
    ...armed(plan),
    ...(plan.init.enabled ? [] : leaveIfAbandoned("at first")),
  ]),
  ...steps(plan, "uts"),
  ...steps(plan, "network"),
  ...stamp(plan.root.plugin, "root", changeRoot(plan, parts.writeId)),
  ...(madeAsPayload(plan) ? stamp(plan.identity.plugin, "root", armed(plan)) : []),
  ...(parts.made ?? []),
  ...makeEntries(plan, parts.writeId),
  ...steps(plan, "mounts"),
  ...layCovers(plan),
  ...stamp(plan.root.plugin, "mounts", seal(plan)),
  ...stamp(CORE, "limits", [
    // Detached mounts and whatever else came along: from here no descriptor leads out of the sandbox.
    ...closeSources(plan, parts),
    ...(target.kind === "launch" && target.nofile ? [restoreNofile(target.nofile)] : []),
  ]),
  ...steps(plan, "limits"),
  ...stamp(plan.stdio.plugin, "session", openOwnTerminal(parts.terminal, plan.identity)),
  // /proc/1 tells nothing, and nobody inside may trace init: it becomes root's in /proc, and PTRACE_ATTACH needs CAP_SYS_PTRACE, in
  // the user namespace around this one where the image cannot be read (launch/memfd.ts).
  ...stamp(CORE, "limits", [prctl(flags({ PR_SET_DUMPABLE }), 0)]),
  ...(plan.init.enabled
    ? forkPayload(becomePayload(plan, parts), { ownPids: asksFor(plan, "pid"), ownGroup: parts.shares === 0 }, parts)
    : [...leaveIfAbandoned("at last"), ...becomePayload(plan, parts)]),
];
