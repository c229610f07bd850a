/**
 * Plan → the program that a supervisor clones: descriptors are in their places, failures go up the status pipe.
 * @module
 */
import { label, set, slot, text, vector } from "../../ir/build.ts";
import { exitGroup } from "../../ir/calls.ts";
import type { Op, Slot } from "../../ir/op.ts";
import { MACHINE_SLOTS, type Program } from "../../ir/program.ts";
import { verify } from "../../ir/verify.ts";
import { lifelineFd } from "../../launcher/init.ts";
import { FDS } from "../../launcher/layout.ts";
import { passDescriptor } from "../../launcher/pass-fd.ts";
import { report, statusFd } from "../../launcher/report.ts";
import { EXIT } from "../../linux/process.ts";
import type { ContentPart } from "../contribution.ts";
import type { Plan } from "../plan.ts";
import { secretSlot } from "./content.ts";
import { isMappedByRoot, isMappedOutside, takeMappedIds, writeOwnMaps } from "./identity.ts";
import { awaitRelease, launchFailed, lowerLauncher, openOwnFiles } from "./launcher.ts";
import { overlaysOf, upperSlot } from "./overlay.ts";
import { openSources, sourcesOf } from "./sources.ts";
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

/** Init holds the lock of its ids, so that they are nobody else's while it lives: in front of what is closed before. */
const firstHandedOver = ({ identity }: Plan): number => FDS.firstSource + (identity.outside === "range" ? 1 : 0);

const writtenSocket = slot("written socket");

/** What the supervisor hands over beside its pipes, in the order of the descriptors (launch/launch.ts). */
const handedOver = (plan: Plan, { tellWritten = false }: Launch): readonly Slot[] => [
  ...(inheritsSources(plan) ? sourcesOf(plan).map((source) => source.slot) : []),
  ...plan.secrets.map(({ name }) => secretSlot(name)),
  ...(tellWritten ? [writtenSocket] : []),
];

const takeOver = (plan: Plan, target: Launch): readonly Op[] =>
  handedOver(plan, target).map((into, index) => set(into, firstHandedOver(plan) + index));

/** Once for each overlay, in their order. */
const tellOfWritten = (plan: Plan, { tellWritten = false }: Launch): readonly Op[] =>
  tellWritten
    ? overlaysOf(plan).flatMap((overlay) =>
        stamp(overlay.plugin, "root", passDescriptor(writtenSocket, upperSlot(overlay), overlay.target)),
      )
    : [];

const mapIds = (plan: Plan, { caller }: Launch): readonly Op[] => {
  if (plan.identity.outside === "host") return [];
  return isMappedOutside(plan.identity) ? takeMappedIds(plan.identity) : writeOwnMaps(plan.identity, caller);
};

/** Root's rights are enough for files that are root's. */
const openFiles = ({ identity: { outside, maps } }: Plan): readonly Op[] => {
  if (maps?.helpers) return [openOwnFiles(), ...report("ready")];
  return outside === "caller" ? [openOwnFiles()] : [];
};

/** One text, unless there is a secret among the parts. */
const withIds = (
  content: readonly ContentPart[],
  ids: { readonly uid: number; readonly gid: number },
): readonly ContentPart[] => {
  const known = content.map((part) => (typeof part === "object" && "id" in part ? String(ids[part.id]) : part));
  return known.every((part) => typeof part === "string") ? [known.join("")] : known;
};

/** The ids of the caller are known: `caller` becomes a number before anything else looks at it. */
const resolveIds = (plan: Plan, { caller }: Launch): Plan => {
  const known = (id: number | "caller", own: number): number => (id === "caller" ? own : id);
  const [uid, gid] = [known(plan.identity.uid, caller.uid), known(plan.identity.gid, caller.gid)];
  const entries = plan.entries.map((entry) =>
    entry.type === "file" ? { ...entry, content: withIds(entry.content, { uid, gid }) } : entry,
  );
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
        sources: [...takeOver(plan, target), ...(inheritsSources(plan) ? [] : openSources(plan))],
        identity: mapIds(plan, target),
        made: tellOfWritten(plan, target),
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
