/**
 * Mount points: making what is missing, and attaching to it.
 *
 * On a file system of our own nobody else can have put a link, so plain relative paths are safe, and cheap. Where the parent is the
 * user's (a volume, a root directory), the target is opened with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS and used by descriptor:
 * neither a link through /proc/self/fd nor a name that changes between two calls leads elsewhere. The old root is gone by then.
 * @module
 */

import { bytes, flags, slot, text } from "../../ir/build.ts";
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
import type { Op, Slot } from "../../ir/op.ts";
import { O_CLOEXEC, O_PATH } from "../../linux/file.ts";
import { openHow, RESOLVE } from "../../linux/mount.ts";
import { components } from "../merge.ts";

/** Paths that this plan makes on file systems of its own, where nobody else can have put a link. */
export type Made = Set<string>;

export interface Ground {
  /** The parent is on a tmpfs of ours: plain relative paths are safe, and cheap. */
  readonly own: boolean;
  readonly made: Made;
}

/** Relative to the working directory, which is the new root. */
export const relative = (target: string): string => components(target).join("/");

const parents = (target: string): readonly string[] =>
  components(target)
    .slice(0, -1)
    .map((_, index, all) => all.slice(0, index + 1).join("/"));

/** Nobody but this plan makes anything here: a directory that was there would be a mistake. */
export const makeDirectory = (path: string, mode: number, made: Made): readonly Op[] => {
  if (made.has(path)) return [];
  made.add(path);
  return [mkdirat(AT_FDCWD, path, mode)];
};

const target = slot("target");
const parent = slot("parent");
const OPEN_HOW_BYTES = 24;

const RESOLVE_SHOWN = "RESOLVE_IN_ROOT|RESOLVE_NO_MAGICLINKS";
const openInRoot = (path: string, into: Slot): Op =>
  described(
    call(
      "openat2",
      [
        AT_FDCWD,
        text(path === "" ? "." : path),
        bytes(openHow(O_PATH | O_CLOEXEC, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS), `{O_PATH, ${RESOLVE_SHOWN}}`),
        OPEN_HOW_BYTES,
      ],
      into,
    ),
    `openat2(${JSON.stringify(`/${path}`)}, ${RESOLVE_SHOWN})`,
  );

/** Makes what is missing of a path that leads through the user's own directories, one component at a time, by descriptor. */
const makeForeign = (path: string, directory: boolean, made: Made): readonly Op[] => {
  const missing = [...parents(path), path].filter((step) => !made.has(step));
  return missing.flatMap((step) => {
    made.add(step);
    const above = components(step).slice(0, -1).join("/");
    const name = components(step).at(-1) ?? "";
    const make =
      step === path && !directory
        ? described(call("mknodat", [parent, text(name), flags({ S_IFREG: 0o100000 }), 0]), `mknod("/${step}")`)
        : described(mkdirat(parent, name, 0o755), `mkdir("/${step}")`);
    return [openInRoot(above, parent), ignoring(make, "EEXIST"), close(parent)];
  });
};

/** `use` with the working directory on the target, for mount(2), which knows no descriptors. */
const inTarget = (path: string, use: (path: string) => Op): readonly Op[] => [
  openInRoot(path, target),
  call("fchdir", [target]),
  use("."),
  call("chdir", [text("/")]),
  close(target),
];

/** Mounts with mount(2), which knows no descriptors. */
export const mountFresh = (path: string, ground: Ground, use: (path: string) => Op): readonly Op[] =>
  ground.own
    ? [...ownParents(path, ground.made), ...makeDirectory(path, 0o755, ground.made), use(path)]
    : [...makeForeign(path, true, ground.made), ...inTarget(path, use)];

export const ownParents = (path: string, made: Made): readonly Op[] =>
  parents(path).flatMap((step) => makeDirectory(step, 0o755, made));

/** Attaches a detached mount. */
export const attach = (mountFd: Slot, path: string, directory: boolean, ground: Ground): readonly Op[] =>
  ground.own
    ? [
        ...ownParents(path, ground.made),
        ...(directory ? makeDirectory(path, 0o755, ground.made) : [createFile(path, 0o444)]),
        moveMount(mountFd, path),
      ]
    : [
        ...makeForeign(path, directory, ground.made),
        openInRoot(path, target),
        moveMountOnto(mountFd, target, `/${path}`),
        close(target),
      ];
