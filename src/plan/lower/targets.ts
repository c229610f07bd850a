/**
 * Making what a mount needs to be put on, and putting it there.
 * @module
 */
import { bytes, set, slot, text } from "../../ir/build.ts";
import {
  AT_FDCWD,
  call,
  close,
  createFile,
  described,
  ignoring,
  mkdirat,
  moveMount,
  moveMountOnto,
} from "../../ir/calls.ts";
import type { Op, Operand, Slot, SyscallOp } from "../../ir/op.ts";
import { O_CLOEXEC, O_PATH } from "../../linux/file.ts";
import { openHow, RESOLVE } from "../../linux/mount.ts";
import { components } from "../merge.ts";
import { below, type Ground } from "./ground.ts";

/** Paths that this plan makes on own ground. */
export type Made = Set<string>;

/** A directory, and a name in it: for own ground a longer path, since there nothing can be in the way. */
export interface Place {
  readonly directory: Operand;
  readonly name: string;
  /** Goes there and makes what is missing. */
  readonly reach: readonly Op[];
  /** Lets go of the directory. */
  readonly leave: readonly Op[];
}

/** Relative to the working directory, which is the new root. */
export const relative = (target: string): string => components(target).join("/");

const parents = (path: string): readonly string[] =>
  components(path)
    .slice(0, -1)
    .map((_, index, all) => all.slice(0, index + 1).join("/"));

/** Nobody but this plan makes anything here: a directory that was there would be a mistake. */
const makeOwn = (path: string, mode: number, made: Made): readonly Op[] => {
  if (made.has(path)) return [];
  made.add(path);
  return [mkdirat(AT_FDCWD, path, mode)];
};

const OPEN_HOW_BYTES = 24;
const RESOLVE_BITS = RESOLVE.IN_ROOT | RESOLVE.NO_SYMLINKS | RESOLVE.NO_MAGICLINKS;
const RESOLVE_SHOWN = "RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS|RESOLVE_NO_MAGICLINKS";
const HOW = bytes(openHow(O_PATH | O_CLOEXEC, RESOLVE_BITS), `{O_PATH, ${RESOLVE_SHOWN}}`);

/** `shown` is the path for people. */
export const openBelow = (directory: Operand, path: Operand, shown: string, into: Slot): SyscallOp =>
  described(
    call("openat2", [directory, path, HOW, OPEN_HOW_BYTES], into),
    `openat2(${JSON.stringify(shown)}, ${RESOLVE_SHOWN})`,
  );

const directory = slot("directory");
const next = slot("next directory");

/** One component: made where it is missing, opened, and where the way goes on from. */
const step = (name: string, shown: string, from: Operand, isFirst: boolean): readonly Op[] => [
  ignoring(described(mkdirat(from, name, 0o755), `mkdir(${JSON.stringify(shown)})`), "EEXIST"),
  openBelow(from, text(name), shown, next),
  // The first one is a mount's own descriptor, and still needed.
  ...(isFirst ? [] : [close(directory)]),
  set(directory, next),
];

const placeOnMount = (fd: Slot, top: string, target: string): Place => {
  const way = below(top, target);
  const name = way.at(-1) ?? "";
  if (way.length === 1) return { directory: fd, name, reach: [], leave: [] };
  const shown = components(target);
  const depth = shown.length - way.length;
  return {
    directory,
    name,
    reach: way
      .slice(0, -1)
      .flatMap((part, index) =>
        step(part, `/${shown.slice(0, depth + index + 1).join("/")}`, index === 0 ? fd : directory, index === 0),
      ),
    leave: [close(directory)],
  };
};

export const placeFor = (target: string, ground: Ground, made: Made): Place =>
  ground.kind === "own"
    ? {
        directory: AT_FDCWD,
        name: relative(target),
        reach: parents(target).flatMap((path) => makeOwn(path, 0o755, made)),
        leave: [],
      }
    : placeOnMount(ground.fd, ground.top, target);

/** A directory of the sandbox's, by itself or as a mount point. */
export const makeDirectory = (target: string, mode: number, place: Place, ground: Ground, made: Made): readonly Op[] =>
  ground.kind === "own"
    ? makeOwn(place.name, mode, made)
    : [ignoring(described(mkdirat(place.directory, place.name, mode), `mkdir(${JSON.stringify(target)})`), "EEXIST")];

const makeFile = (target: string, place: Place, ground: Ground): Op => {
  const make = createFile(place.name, 0o444, place.directory, target);
  return ground.kind === "own" ? make : ignoring(make, "EEXIST");
};

const point = slot("mount point");

/** Attaches a detached mount. */
export const attach = (
  mountFd: Slot,
  target: string,
  isDirectory: boolean,
  ground: Ground,
  made: Made,
): readonly Op[] => {
  const place = placeFor(target, ground, made);
  return [
    ...place.reach,
    ...(isDirectory ? makeDirectory(target, 0o755, place, ground, made) : [makeFile(target, place, ground)]),
    ...(ground.kind === "own"
      ? [moveMount(mountFd, place.name)]
      : [
          openBelow(place.directory, text(place.name), target, point),
          moveMountOnto(mountFd, point, target),
          close(point),
        ]),
    ...place.leave,
  ];
};
