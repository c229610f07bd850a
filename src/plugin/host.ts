/**
 * What `resolve` may ask of the host. Nothing is read before it is asked for.
 * @module
 */

import type { Arch } from "../linux/syscalls.ts";

/** `missing` also where a parent may not be searched. */
export type NodeType = "missing" | "directory" | "file" | "device" | "symlink" | "other";

/** Something in a directory. A name that is not UTF-8 has U+FFFD where it is not, and leads nowhere. */
export interface DirectoryEntry {
  readonly name: string;
  /** Links are not followed. */
  readonly type: NodeType;
}

export interface Host {
  /** Of this machine, and of this binary. */
  readonly arch: Arch;
  /** Effective ids of the caller. */
  readonly uid: number;
  readonly gid: number;
  /** The directory the caller is in. */
  readonly cwd: string;
  /** The path of this binary. */
  readonly executable: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether the caller may map ids other than its own: root with CAP_SETUID, CAP_SETGID and CAP_SYS_ADMIN, and ids to give away. */
  readonly mayMapIds: boolean;
  /** What the path is; links are followed unless `follow` is false. */
  nodeType(path: string, options?: { readonly follow?: boolean }): NodeType;
  /** Where a symbolic link points to, as it is written. */
  readLink(path: string): string;
  /** The path without links. @throws when it does not exist */
  realPath(path: string): string;
  /** What is in a directory, by name; undefined where it is none, or may not be read. A sandbox that rests on it is not kept. */
  list(path: string): readonly DirectoryEntry[] | undefined;
  /** Whether the caller may execute the file, or search the directory. */
  mayExecute(path: string): boolean;
  /** Whether it is a regular file that everybody may read. */
  openToAll(path: string): boolean;
  /** The text of a regular file of at most `bytesMax`; undefined where there is none, or a larger one. */
  readText(path: string, bytesMax: number): string | undefined;
  /**
   * The same of a path in a directory that is to be a root: no link in it leads out of it, and what is seen is what will be seen inside.
   */
  readTextIn(directory: string, path: string, bytesMax: number): string | undefined;
  /** The first `bytesMax` bytes of a regular file of any size, as text; undefined where there is none. */
  readStart(path: string, bytesMax: number): string | undefined;
}
