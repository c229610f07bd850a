/**
 * The flags of the section `rootfs`.
 * @module
 */
import type { Flag } from "../../src/api.ts";
import { listOf, toggle } from "../flag.ts";
import { parseTarget, TARGET_SYNTAX } from "../path.ts";
import { type Config, PROBLEMS } from "./config.ts";

const PATHS = { value: "PATH[,PATH…]", commas: true, problem: PROBLEMS.paths };

export const flags: Readonly<Record<string, Flag<Config>>> = {
  rootfs: {
    value: "DIR",
    summary: "Use a directory of the host's as /, writable unless --read-only",
    apply: (section, value, ctx) =>
      PROBLEMS.paths(value) === undefined ? { ...section, directory: value } : ctx.refuse(value, "a directory"),
  },
  "read-only": toggle("readOnly", true, "Make the directory of --rootfs read-only"),
  volume: listOf<Config>({
    key: "volumes",
    short: "v",
    value: "SRC:DST[:ro,noexec,idmap]",
    summary: "Show a file or directory of the host's at DST",
    problem: PROBLEMS.volumes,
  }),
  overlay: listOf<Config>({
    key: "overlays",
    value: "SRC:DST[:upper=DIR]",
    summary: "Show a directory at DST that can be written to, and stays as it is: writes go to memory, or to DIR",
    problem: PROBLEMS.overlays,
  }),
  tmpfs: listOf<Config>({
    key: "tmpfs",
    value: "DST[:size=…,mode=…]",
    summary: "Mount an empty file system in memory at DST",
    problem: PROBLEMS.tmpfs,
  }),
  "allow-read": listOf<Config>({
    key: "read",
    short: "R",
    summary: "Show paths read-only where they are on the host",
    ...PATHS,
  }),
  "allow-write": listOf<Config>({
    key: "write",
    short: "W",
    summary: "Show paths writable where they are on the host",
    ...PATHS,
  }),
  mask: listOf<Config>({
    key: "masks",
    value: "PATH|GLOB",
    summary: "Hide files and directories of what is shown: /work/key, or **/.env below all of it",
    problem: PROBLEMS.masks,
  }),
  file: listOf<Config>({
    key: "files",
    value: "DST=TEXT",
    summary: "Make a file with this text that can be written to",
    problem: PROBLEMS.files,
  }),
  "ro-file": listOf<Config>({
    key: "readOnlyFiles",
    value: "DST=TEXT",
    summary: "Make a file with this text that cannot be changed",
    problem: PROBLEMS.files,
  }),
  symlink: listOf<Config>({
    key: "symlinks",
    value: "TARGET:LINKPATH",
    summary: "Make a symbolic link at LINKPATH to TARGET (the order of ln -s)",
    problem: PROBLEMS.symlinks,
  }),
  workdir: {
    short: "w",
    value: "DIR",
    summary: "Where the payload starts, inside",
    apply: (section, value, ctx) =>
      parseTarget(value) === undefined ? ctx.refuse(value, TARGET_SYNTAX) : { ...section, workdir: value },
  },
};
