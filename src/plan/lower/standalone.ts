/**
 * Plan → an executable of its own: the same launcher with the clone in front, and the monitor behind.
 *
 * It serves whoever runs it. An unprivileged caller's launcher maps its own ids and opens its own sources; for root both happen
 * outside, before and after the clone, as a supervisor does it. Which of them it is, is decided when it starts.
 * @module
 */

import invariant from "tiny-invariant";
import {
  branch,
  buffer,
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
  store,
  text,
} from "../../ir/build.ts";
import { call, close, closeRange, described, exitGroup, ignoring, write } from "../../ir/calls.ts";
import type { Op, Slot } from "../../ir/op.ts";
import { MACHINE_SLOTS, type Program } from "../../ir/program.ts";
import { verify } from "../../ir/verify.ts";
import { moveDescriptors } from "../../launcher/entry.ts";
import { format } from "../../launcher/format.ts";
import { lifelineFd } from "../../launcher/init.ts";
import { FDS } from "../../launcher/layout.ts";
import { MONITOR_FDS, runMonitor } from "../../launcher/monitor.ts";
import { raiseOomScore } from "../../launcher/oom.ts";
import {
  closeInsideEnds,
  closeOutside,
  initialiseOutside,
  lowest,
  moves,
  OUTSIDE,
  openChannels,
  placeForMonitor,
} from "../../launcher/outside.ts";
import { prepareStreams, takeMaster } from "../../launcher/outside-streams.ts";
import { statusFd } from "../../launcher/report.ts";
import { ask, blockSignals, heedChildren, received } from "../../launcher/signals.ts";
import { openStreams } from "../../launcher/streams.ts";
import { errnos } from "../../linux/errno.ts";
import { ID_POOL_BASE } from "../../linux/idpool.ts";
import { NAMESPACES } from "../../linux/namespace.ts";
import { EXIT, SIGNALS } from "../../linux/process.ts";
import type { Plan } from "../plan.ts";
import type { WriteId } from "./content.ts";
import { insideId, mapLine, takeMappedIds, writeOwnMaps, writeParts } from "./identity.ts";
import { awaitRelease, lowerLauncher } from "./launcher.ts";
import { overlaysOf } from "./overlay.ts";
import { failWithSentence } from "./sentences.ts";
import { openSources } from "./sources.ts";
import { checkStdio } from "./stdio.ts";
import { stamp } from "./target.ts";
import { terminalMode } from "./terminal.ts";

const caller = { uid: slot("caller uid"), gid: slot("caller gid") } as const;

const initPid = slot("init pid");
const SANDBOX_ID = 1000;

/** The ids of whoever runs it; root does not stay root inside unless the plan says so. */
const readCaller = (): readonly Op[] =>
  (["uid", "gid"] as const).flatMap((which) => [
    call(`gete${which}`, [], caller[which]),
    set(slot(`${which} inside`), caller[which]),
    branch(caller.uid, "notEqual", 0, `${which} is its own`),
    set(slot(`${which} inside`), SANDBOX_ID),
    label(`${which} is its own`),
  ]);

const unlessRoot = (otherwise: string): Op => branch(caller.uid, "notEqual", 0, otherwise);

const path = buffer("path", 64);
const fd = slot("map");

/** `/proc/PID/uid_map` of the launcher, from outside: the supervisor's part for root (launch/launch.ts, mapOwnIds). */
const writeMaps = (plan: Plan): readonly Op[] => [
  unlessRoot("maps are the launcher's"),
  compute(slot("pool id"), initPid, "add", constant(ID_POOL_BASE, `0x${ID_POOL_BASE.toString(16)}`)),
  ...(["gid", "uid"] as const).flatMap((which) => [
    ...format(path, `${which}_map path`, "/proc/", { decimal: initPid }, `/${which}_map`),
    described(
      call("openat", [-100, path, flags({ O_WRONLY: 1, O_CLOEXEC: 0o2000000 }), 0], fd),
      `open("/proc/PID/${which}_map")`,
    ),
    ...writeParts(fd, `${which}_map line`, mapLine(plan.identity, which, slot("pool id"))),
    close(fd),
  ]),
  label("maps are the launcher's"),
];

/** For the minimum, which a launcher has no right to raise. */
const raiseOom = ({ oomScore: { atLeast } }: Plan): readonly Op[] =>
  atLeast === 0
    ? []
    : [
        unlessRoot("score is the launcher's"),
        ...format(path, "oom path", "/proc/", { decimal: initPid }, "/oom_score_adj"),
        ...raiseOomScore("outside oom", { path, shown: "/proc/PID/oom_score_adj", atLeast }),
        label("score is the launcher's"),
      ];

const cloneFlags = (plan: Plan) => {
  const names = plan.namespaces
    .map(({ name }) => NAMESPACES[name])
    .filter(({ constant: name }) => name !== "CLONE_NEWTIME");
  return flags({ ...Object.fromEntries(names.map((one) => [one.constant, one.flag])), SIGCHLD: SIGNALS.CHLD });
};

const mapsIds = (plan: Plan): boolean => plan.identity.outside !== "host";

/** Of what root starts the layers would have to be idmapped (launch/idmap.ts): without, nothing could be written. */
const refuseOverlays = (plan: Plan): readonly Op[] => {
  const [overlay] = mapsIds(plan) ? overlaysOf(plan) : [];
  if (overlay === undefined) return [];
  const sentence = `overlay at ${JSON.stringify(overlay.target)}: of an executable for the owner of its files; root can use bunker run`;
  return [fail(errnos.EPERM, { plugin: overlay.plugin, phase: "sources", sentence })];
};

const ONE_BYTE = bytes(new Uint8Array([1]), "[1]");

/** One of `TERMINAL_MODES`, and not 0 where the payload has the caller's own terminal: known when it starts. */
const terminal = slot("terminal mode");
const shares = slot("shares terminal");

const readTerminal = (plan: Plan): readonly Op[] => [
  ...ask(0, slot("no terminal")),
  set(terminal, terminalMode(plan, true)),
  set(shares, plan.stdio.streams === "inherit" ? 1 : 0),
  branch(slot("no terminal"), "equal", 0, "terminal known"),
  set(terminal, terminalMode(plan, false)),
  set(shares, 0),
  label("terminal known"),
];

/** Whatever is opened gets a number above all that have a meaning: what stands in their places now makes room in the end. */
const reserveNumbers = (): readonly Op[] => [
  ...Array.from({ length: MONITOR_FDS.above - FDS.status }, () =>
    call("fcntl", [0, flags({ F_DUPFD: 0 }), FDS.status]),
  ),
  set(lowest, MONITOR_FDS.above),
];

/** What a supervisor does, up to the monitor. */
const outside = (plan: Plan): readonly Op[] => [
  ...initialiseOutside(),
  ...stamp("bunker", "release", [
    closeRange(3, 0xffffffff),
    ...openStreams(),
    ...checkStdio(),
    blockSignals(),
    heedChildren(),
    ...readTerminal(plan),
    ...readCaller(),
    ...reserveNumbers(),
    ...openChannels(),
    ...prepareStreams(plan.stdio.streams === "relay" ? 1 : 0, terminal),
  ]),
  unlessRoot("sources are the launcher's"),
  ...refuseOverlays(plan),
  ...stamp(plan.root.plugin, "sources", openSources(plan)),
  label("sources are the launcher's"),
  ...stamp("bunker", "release", [call("clone", [cloneFlags(plan), 0, 0, 0, 0], initPid)]),
  branch(initPid, "equal", 0, "launcher"),
  ...stamp("process", "release", raiseOom(plan)),
  ...stamp("userns", "identity map", mapsIds(plan) ? writeMaps(plan) : []),
  ...stamp("bunker", "release", [
    ...closeInsideEnds(),
    ignoring(write(OUTSIDE.lifelineWriting, ONE_BYTE, 1)),
    ...takeMaster(terminal),
    ...placeForMonitor(),
  ]),
  closeRange(MONITOR_FDS.above, 0xffffffff),
  set(statusFd, MONITOR_FDS.status),
  // The pid cannot mean somebody else: init is our child, and we have not waited for it yet.
  ...runMonitor(call("kill", [initPid, received.signal])),
];

const mapIds = (plan: Plan): readonly Op[] =>
  mapsIds(plan)
    ? [
        unlessRoot("own maps"),
        ...takeMappedIds(plan.identity),
        jump("mapped"),
        label("own maps"),
        ...writeOwnMaps(plan.identity, caller),
        label("mapped"),
      ]
    : [];

/** Arguments that it is run with follow the command's. They are on the stack already; the command goes in front of them. */
const joinArguments = (command: readonly string[], argv: Slot): readonly Op[] => [
  // The words at the stack pointer: argc, argv[0], argv[1], …, NULL.
  compute(argv, MACHINE_SLOTS.stack, "add", 16),
  compute(argv, argv, "subtract", command.length * 8),
  ...command.map((word, index) => store(argv, index * 8, 8, text(word))),
];

const withRunnersIds = (plan: Plan): Plan =>
  plan.identity.isDefault ? { ...plan, identity: { ...plan.identity, uid: "caller", gid: "caller" } } : plan;

const writeId =
  (plan: Plan): WriteId =>
  (which, file, name) =>
    writeParts(file, name, [{ decimal: insideId(plan.identity, which) }]);

/** @throws invariant violation for a plan that no plugin should have made, or that is for `bunker run` alone */
export const lowerStandalone = (given: Plan): Program => {
  invariant(given.runOnly.length === 0, "nothing is given out when an image starts");
  const plan = withRunnersIds(given);
  const argv = slot("argv");
  const ops: readonly Op[] = [
    load(slot("argument count"), MACHINE_SLOTS.stack, 0, 8),
    branch(slot("argument count"), "greater", 0, "has a name"),
    // Kernels before 5.18 allow an empty argv: the words would be taken from the environment (CVE-2021-4034).
    exitGroup(EXIT.failed),
    label("has a name"),
    ...joinArguments(plan.command, argv),
    ...outside(plan),
    label("launcher"),
    set(statusFd, FDS.status),
    set(lifelineFd, FDS.lifeline),
    ...stamp("bunker", "release", [...moveDescriptors(moves), ...closeOutside(), ...awaitRelease()]),
    ...lowerLauncher(
      plan,
      { kind: "standalone" },
      {
        sources: [branch(caller.uid, "equal", 0, "sources are open"), ...openSources(plan), label("sources are open")],
        identity: mapIds(plan),
        writeId: writeId(plan),
        argv,
        terminal,
        shares,
      },
    ),
  ];
  return verify({
    shape: "image",
    onFail: "failed",
    slots: [],
    ops: [...ops, label("failed"), ...failWithSentence(plan, ops)],
  });
};
