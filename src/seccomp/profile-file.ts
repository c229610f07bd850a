/**
 * A profile in a file, and the kernel that conditions in it may ask for. Everything is asked of the host that is passed in.
 * @module
 */
import { profileUnreadable } from "../errors/seccomp.ts";

/** What the file says, and the release of the kernel: `uname -r`. */
export interface ProfileFile {
  readonly text: string;
  readonly kernelRelease: string;
}

/** The part of `Host` that is needed. */
export interface Files {
  nodeType(path: string): string;
  readText(path: string, bytesMax: number): string | undefined;
}

const FILE_BYTES_MAX = 1024 * 1024;
const KERNEL_RELEASE = "/proc/sys/kernel/osrelease";
const RELEASE_BYTES_MAX = 256;

const whyUnreadable = (path: string, files: Files): string => {
  const node = files.nodeType(path);
  if (node === "missing") return "no such file";
  return node === "file" ? "it cannot be read, or is larger than 1 MiB" : "it is not a regular file";
};

/** `name` is what it is called by its user; `known`: what else could have been meant. @throws BunkerError */
export const readProfileFile = (name: string, path: string, files: Files, known: readonly string[]): ProfileFile => {
  const text = files.readText(path, FILE_BYTES_MAX);
  if (text === undefined) throw profileUnreadable(name, whyUnreadable(path, files), known);
  const kernelRelease = files.readText(KERNEL_RELEASE, RELEASE_BYTES_MAX);
  if (kernelRelease === undefined)
    throw profileUnreadable(name, `its conditions on the kernel need ${KERNEL_RELEASE}, which cannot be read`, known);
  return { text, kernelRelease };
};
