/**
 * Starts a kept sandbox whose checks have passed: what launch/launch.ts and launch/become-monitor.ts do, in the same order, with the
 * same launcher and the same monitor. Until the payload runs every failure is undone and resumed from: the program behind plans
 * the sandbox anew, and either starts it or explains why not.
 * @module
 */
import {
  addressOf,
  branch,
  buffer,
  bytes,
  compute,
  constant,
  flags,
  jump,
  label,
  load,
  set,
  slot,
  store,
  text,
  vector,
} from "../../ir/build.ts";
import { AT_FDCWD, call, close, exitGroup, ignoring, onErrno } from "../../ir/calls.ts";
import type { Op, Operand, Slot } from "../../ir/op.ts";
import { AT_EMPTY_PATH, AT_RECURSIVE, O_CLOEXEC, O_WRONLY, OPEN_TREE_CLONE } from "../../linux/file.ts";
import { ID_POOL_BASE } from "../../linux/idpool.ts";
import {
  CLONE_PIDFD,
  CLONE_VFORK,
  CLONE_VM,
  EXIT,
  SIG_SETMASK,
  SIGNAL_SET_BYTES,
  SIGNALS,
} from "../../linux/process.ts";
import { moveDescriptors, raiseAmbient } from "../entry.ts";
import { format, formattedLength } from "../format.ts";
import { KEPT } from "../kept.ts";
import { FDS, RECORD, RECORD_KINDS } from "../layout.ts";
import { MONITOR_FDS } from "../monitor.ts";
import { raiseOomScore } from "../oom.ts";
import {
  addMove,
  closeInsideEnds,
  closeOutside,
  initialiseOutside,
  lowest,
  moves,
  OUTSIDE,
  openChannels,
  placeForMonitor,
  raise,
} from "../outside.ts";
import { prepareStreams, takeMaster } from "../outside-streams.ts";
import { blockSignals, heedChildren } from "../signals.ts";
import { openStreams } from "../streams.ts";
import { caller, EMPTY, kept, keptWord } from "./find.ts";

const GIVE_UP = "give up";

/** What has to be closed again beside what is outside anyway; -1 where there is none. */
const fds = { image: slot("image"), monitor: slot("monitor"), pidfd: slot("pidfd") } as const;

const child = slot("child");
/** 1 in the memory that parent and child share, from the clone until the child has been executed. */
const inChild = slot("in child");
const childFailed = slot("child failed");
const value = slot("value");
/** One of `TERMINAL_MODES`. */
const terminal = slot("terminal mode");
const savedMask = slot("saved mask");
/** 1 once there is something to undo. */
const begun = slot("begun");

const MFD = { MFD_CLOEXEC: 1, MFD_ALLOW_SEALING: 2 };
const MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
const F_SEAL_ALL = 0xf;
const EXECUTE_ONLY = 0o111;

/** As launch/memfd.ts does it; where memfds may not be executed, the program behind knows what to do. */
const writeExecutable = (name: string, into: Slot, from: Operand, sizeBytes: Operand, mode?: number): readonly Op[] => {
  const memfd = (bits: Readonly<Record<string, number>>) => call("memfd_create", [text("bunker"), flags(bits)], into);
  return [
    onErrno(memfd({ ...MFD, MFD_EXEC }), ["EINVAL"], `${name}: before MFD_EXEC`),
    jump(`${name}: created`),
    label(`${name}: before MFD_EXEC`),
    memfd(MFD),
    label(`${name}: created`),
    ...raise(into),
    call("write", [into, from, sizeBytes], value),
    branch(value, "notEqual", sizeBytes, GIVE_UP),
    ...(mode === undefined ? [] : [call("fchmod", [into, constant(mode, `0${mode.toString(8)}`)])]),
    call("fcntl", [into, flags({ F_ADD_SEALS }), constant(F_SEAL_ALL, "F_SEAL_*")]),
  ];
};

/** Opened with the caller's rights, which the launcher of root's sandboxes has lost. */
const openSources = (): readonly Op[] => {
  const [table, to, rest, source, opened] = [
    slot("source table"),
    slot("source to"),
    slot("sources left"),
    slot("source path"),
    slot("source"),
  ];
  return [
    keptWord(rest, KEPT.sourceCount),
    keptWord(table, KEPT.sources),
    compute(table, table, "add", kept),
    set(to, FDS.firstSource),
    label("source"),
    branch(rest, "equal", 0, "sources open"),
    load(source, table, 0, 8),
    compute(source, source, "add", kept),
    call("open_tree", [AT_FDCWD, source, flags({ OPEN_TREE_CLONE, O_CLOEXEC, AT_RECURSIVE })], opened),
    ...raise(opened),
    ...addMove(opened, to),
    compute(table, table, "add", 8),
    compute(to, to, "add", 1),
    compute(rest, rest, "subtract", 1),
    jump("source"),
    label("sources open"),
  ];
};

const prepare = (): readonly Op[] => [
  call("rt_sigprocmask", [flags({ SIG_SETMASK }), 0, addressOf(savedMask), SIGNAL_SET_BYTES]),
  set(begun, 1),
  blockSignals(),
  heedChildren(),
  ...openStreams(),
  keptWord(lowest, KEPT.sourceCount),
  compute(lowest, lowest, "add", Math.max(FDS.firstSource, MONITOR_FDS.above)),
  ...openChannels(),
  keptWord(terminal, KEPT.terminal),
  keptWord(value, KEPT.relays),
  ...prepareStreams(value, terminal),
  keptWord(value, KEPT.image),
  compute(slot("image address"), value, "add", kept),
  keptWord(slot("image bytes"), KEPT.imageBytes),
  ...writeExecutable("image", fds.image, slot("image address"), slot("image bytes"), EXECUTE_ONLY),
  ...openSources(),
];

const ARGV = vector(text("bunker"), 0);
const NOTHING = vector(0);

/** The child borrows this memory and its stack pointer, and touches no stack (launch/clone.ts). */
const cloneLauncher = (): readonly Op[] => [
  keptWord(value, KEPT.namespaces),
  compute(value, value, "or", flags({ CLONE_VM, CLONE_VFORK, CLONE_PIDFD, SIGCHLD: SIGNALS.CHLD })),
  set(inChild, 1),
  // The order of the last two arguments differs between architectures: both are 0.
  call("clone", [value, 0, addressOf(fds.pidfd), 0, 0], child),
  branch(child, "notEqual", 0, "parent"),
  keptWord(value, KEPT.ambient),
  branch(value, "equal", 0, "capabilities kept"),
  ...raiseAmbient(),
  label("capabilities kept"),
  ...moveDescriptors(moves),
  call("execveat", [fds.image, EMPTY, ARGV, NOTHING, flags({ AT_EMPTY_PATH })]),
  label("child failed"),
  set(childFailed, 1),
  ignoring(exitGroup(EXIT.failed)),
  label("parent"),
  set(inChild, 0),
  // An int: the upper half of the slot is the -1 that it was.
  compute(fds.pidfd, fds.pidfd, "and", 0xffff_ffffn),
  branch(childFailed, "notEqual", 0, GIVE_UP),
  ...raise(fds.pidfd),
];

const path = buffer("map path", 64);
const line = buffer("map line", 64);

/** As launch/launch.ts, mapOwnIds. */
const mapIds = (): readonly Op[] => {
  const [poolId, id, fd] = [slot("pool id"), slot("id inside"), slot("map")];
  return [
    keptWord(value, KEPT.ownIds),
    branch(value, "equal", 0, "ids mapped"),
    compute(poolId, child, "add", constant(ID_POOL_BASE, `0x${ID_POOL_BASE.toString(16)}`)),
    ...(["gid", "uid"] as const).flatMap((which) => [
      ...format(path, `${which}_map path`, "/proc/", { decimal: child }, `/${which}_map`),
      keptWord(id, KEPT[which]),
      ...format(line, `${which}_map line`, { decimal: id }, " ", { decimal: poolId }, " 1"),
      call("openat", [AT_FDCWD, path, flags({ O_WRONLY, O_CLOEXEC }), 0], fd),
      set(value, formattedLength),
      ignoring(call("write", [fd, line, value], value)),
      close(fd),
      branch(value, "less", 0, GIVE_UP),
    ]),
    label("ids mapped"),
  ];
};

/** As launch/launch.ts, raiseOomScore. */
const raiseScore = (): readonly Op[] => {
  const atLeast = slot("oom at least");
  return [
    keptWord(atLeast, KEPT.oomScore),
    branch(atLeast, "equal", 0, "score raised"),
    ...format(path, "oom path", "/proc/", { decimal: child }, "/oom_score_adj"),
    ...raiseOomScore("oom", { path, shown: "/proc/PID/oom_score_adj", atLeast }),
    label("score raised"),
  ];
};

const ONE_BYTE = bytes(new Uint8Array([1]), "[1]");

const release = (): readonly Op[] => [
  ...closeInsideEnds(),
  keptWord(value, KEPT.waits),
  branch(value, "equal", 0, "released"),
  // A launcher that has ended is found out by its status.
  ignoring(call("write", [OUTSIDE.lifelineWriting, ONE_BYTE, 1])),
  label("released"),
  ...takeMaster(terminal),
];

const record = buffer("record", RECORD.sizeBytes);

const awaitStart = (): readonly Op[] => [
  label("status"),
  onErrno(call("read", [OUTSIDE.statusReading, record, RECORD.sizeBytes], value), ["EINTR"], "status"),
  branch(value, "equal", 0, "status ended"),
  load(value, record, 0, 4),
  branch(value, "equal", RECORD_KINDS.started, "started"),
  jump(GIVE_UP),
  // Without an init the pipe ends with the exec that has succeeded; with one, somebody has ended it.
  label("status ended"),
  keptWord(value, KEPT.init),
  branch(value, "notEqual", 0, GIVE_UP),
  label("started"),
];

/** From here on nothing is undone: the end of this process ends the sandbox. */
const becomeMonitor = (): readonly Op[] => [
  ...placeForMonitor(),
  call("dup3", [fds.pidfd, MONITOR_FDS.init, 0]),
  // The words stay, so that ps(1) shows what was typed; the environment does not.
  compute(value, caller.words, "subtract", 8),
  store(value, 0, 8, text("bunker")),
  call("execveat", [fds.monitor, EMPTY, value, NOTHING, flags({ AT_EMPTY_PATH })]),
  exitGroup(EXIT.failed),
];

const closeAll = (): readonly Op[] => [
  ...Object.values(fds).flatMap((fd) => [ignoring(close(fd)), set(fd, -1)]),
  ...closeOutside(),
];

/** The end of the lifeline makes a launcher leave that still waits; whatever it has become, it ends before this goes on. */
const giveUp = (): readonly Op[] => [
  label(GIVE_UP),
  branch(begun, "equal", 0, "resume"),
  branch(inChild, "notEqual", 0, "child failed"),
  ...closeAll(),
  branch(child, "lessOrEqual", 0, "no child"),
  label("wait for child"),
  onErrno(call("wait4", [child, 0, 0, 0]), ["EINTR"], "wait for child"),
  label("no child"),
  ignoring(call("rt_sigprocmask", [flags({ SIG_SETMASK }), addressOf(savedMask), 0, SIGNAL_SET_BYTES])),
];

/** Before anything may fail: nothing is open yet. */
export const initialise = (): readonly Op[] => [...Object.values(fds).map((fd) => set(fd, -1)), ...initialiseOutside()];

export interface MonitorImage {
  readonly image: Uint8Array;
}

/** Ends in the monitor, or falls through to what resumes. */
export const startKept = ({ image }: MonitorImage): readonly Op[] => [
  ...prepare(),
  ...writeExecutable("monitor", fds.monitor, bytes(image, "monitor"), image.length),
  ...cloneLauncher(),
  ...raiseScore(),
  ...mapIds(),
  ...release(),
  ...awaitStart(),
  ...becomeMonitor(),
  ...giveUp(),
];
