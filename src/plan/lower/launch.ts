/**
 * Plan → the program that a supervisor clones: descriptors are in their places, failures go up the status pipe.
 * @module
 */
import { label, set, slot, text, vector } from "../../ir/build.ts";
import { exitGroup } from "../../ir/calls.ts";
import type { Op } from "../../ir/op.ts";
import { MACHINE_SLOTS, type Program } from "../../ir/program.ts";
import { verify } from "../../ir/verify.ts";
import { lifelineFd } from "../../launcher/init.ts";
import { FDS } from "../../launcher/layout.ts";
import { report, statusFd } from "../../launcher/report.ts";
import { EXIT } from "../../linux/process.ts";
import type { Plan } from "../plan.ts";
import { isMappedByRoot, isMappedOutside, takeMappedIds, writeOwnMaps } from "./identity.ts";
import { awaitRelease, launchFailed, lowerLauncher, openOwnFiles } from "./launcher.ts";
import { openSources, sourceSlot, sourcesOf } from "./sources.ts";
import { checkStdio } from "./stdio.ts";
import { stamp, type Target } from "./target.ts";
import { terminalMode } from "./terminal.ts";

type Launch = Extract<Target, { kind: "launch" }>;

/** Whether the launcher must wait for somebody outside. */
export const needsRelease = (plan: Plan): boolean => isMappedOutside(plan.identity) || plan.supervisedBy.length > 0;

/**
 * Whether the supervisor opens the sources. For a caller that is root the launcher has lost the right to: it is root of a namespace
 * that maps an unprivileged id, so CAP_DAC_OVERRIDE means nothing over the host's files.
 */
export const inheritsSources = (plan: Plan): boolean => isMappedByRoot(plan.identity);

/** Init holds the lock of its ids, so that they are nobody else's while it lives: in front of the sources, which are closed before. */
const firstSource = ({ identity }: Plan): number => FDS.firstSource + (identity.outside === "range" ? 1 : 0);

const inheritedSources = (plan: Plan): readonly Op[] =>
  sourcesOf(plan).map((_, index) => set(sourceSlot(index), firstSource(plan) + index));

const mapIds = (plan: Plan, { caller }: Launch): readonly Op[] => {
  if (plan.identity.outside === "host") return [];
  return isMappedOutside(plan.identity) ? takeMappedIds(plan.identity) : writeOwnMaps(plan.identity, caller);
};

/** Root's rights are enough for files that are root's. */
const openFiles = ({ identity: { outside, maps } }: Plan): readonly Op[] => {
  if (maps?.helpers) return [openOwnFiles(), ...report("ready")];
  return outside === "caller" ? [openOwnFiles()] : [];
};

/** The ids of the caller are known: `caller` becomes a number before anything else looks at it. */
const resolveIds = (plan: Plan, { caller }: Launch): Plan => {
  const known = (id: number | "caller", own: number): number => (id === "caller" ? own : id);
  const [uid, gid] = [known(plan.identity.uid, caller.uid), known(plan.identity.gid, caller.gid)];
  const entries = plan.entries.map((entry) => {
    if (entry.type !== "file") return entry;
    const ids = { uid, gid };
    return {
      ...entry,
      content: [entry.content.map((part) => (typeof part === "string" ? part : ids[part.id])).join("")],
    };
  });
  return { ...plan, entries, identity: { ...plan.identity, uid, gid } };
};

/** @throws invariant violation for a plan that no plugin should have made */
export const lowerForLaunch = (given: Plan, target: Launch): Program => {
  const plan = resolveIds(given, target);
  return verify({
    shape: "image",
    onFail: "failed",
    slots: [],
    ops: [
      set(statusFd, FDS.status),
      set(lifelineFd, FDS.lifeline),
      ...stamp("bunker", "release", openFiles(plan)),
      ...stamp("bunker", "release", checkStdio()),
      ...(needsRelease(plan) ? stamp("bunker", "release", awaitRelease()) : []),
      ...lowerLauncher(plan, target, {
        sources: inheritsSources(plan) ? inheritedSources(plan) : openSources(plan),
        identity: mapIds(plan, target),
        writeId: () => [],
        argv: vector(...plan.command.map(text), 0),
        terminal: terminalMode(plan, target.terminal),
        shares: plan.stdio.streams === "inherit" && target.terminal ? 1 : 0,
      }),
      label("failed"),
      set(launchFailed, EXIT.failed),
      ...report("failed", MACHINE_SLOTS.failedOp, MACHINE_SLOTS.failedErrno),
      exitGroup(slot(launchFailed.name)),
    ],
  });
};
