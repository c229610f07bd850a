/**
 * All that a launch needs, without the plan that it came from: what can be kept and used again.
 * @module
 */
export interface PreparedSource {
  /** On the host, without links. */
  readonly path: string;
  /** With the mounts below. */
  readonly recursive: boolean;
  /** The files of its owner become the payload's (idmap.ts). */
  readonly idmap: boolean;
}

export interface Prepared {
  readonly image: Uint8Array;
  /** CLONE_NEW* bits. */
  readonly namespaces: number;
  /** What this process opens for the launcher, in the order of the descriptors. */
  readonly sources: readonly PreparedSource[];
  /** Ids inside that get an unprivileged id of the sandbox's own outside; undefined: the launcher maps its own. */
  readonly ownIds: { readonly uid: number; readonly gid: number } | undefined;
  /** The sandbox has a user namespace, whose capabilities must survive the exec of the image. */
  readonly ambient: boolean;
  /** The launcher waits for {@link Launched.release}. */
  readonly waits: boolean;
  /** Init reports when the payload runs; without one, the end of the status pipe says so. */
  readonly init: boolean;
}
