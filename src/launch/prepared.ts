/**
 * All that a launch needs, without the plan that it came from: what can be kept and used again.
 * @module
 */
import type { IdMaps } from "../plan/contribution.ts";
export interface Idmap {
  /** The innermost directory on the host that the payload does not see, where it may write to what is in it. */
  readonly writableIn: string | undefined;
}

export interface PreparedSource {
  /** On the host, without links. */
  readonly path: string;
  /** With the mounts below. */
  readonly recursive: boolean;
  /** The files of its owner become the payload's (idmap.ts). */
  readonly idmap: Idmap | undefined;
}

export interface PreparedSecret {
  readonly name: string;
  readonly from: { readonly file: string } | { readonly variable: string };
}

export interface Prepared {
  readonly image: Uint8Array;
  /** CLONE_NEW* bits. */
  readonly namespaces: number;
  /** What this process opens for the launcher, in the order of the descriptors. */
  readonly sources: readonly PreparedSource[];
  /** What this process reads for the launcher (secrets.ts); its descriptors stand behind the sources. */
  readonly secrets: readonly PreparedSecret[];
  /** The launcher hands over what is written to overlays (written.ts): one more descriptor, the last. */
  readonly tellsWritten: boolean;
  /** Ids inside that get an unprivileged id of the sandbox's own outside; undefined: the launcher maps its own. */
  readonly ownIds: { readonly uid: number; readonly gid: number } | undefined;
  /** Many ids, given out at each start: a range of the sandbox's own, or these. Nothing with them is kept. */
  readonly maps: "range" | IdMaps | undefined;
  /** This process is root, and raises the sandbox's oom_score_adj to this: from inside the minimum could not be raised. 0: it does not. */
  readonly oomScore: number;
  /** The sandbox has a user namespace, whose capabilities must survive the exec of the image. */
  readonly ambient: boolean;
  /** The launcher waits for {@link Launched.release}. */
  readonly waits: boolean;
  /** False: the payload gets the caller's own standard streams. */
  readonly relays: boolean;
  /** One of `TERMINAL_MODES` (launcher/layout.ts). */
  readonly terminal: number;
  /** Init reports when the payload runs; without one, the end of the status pipe says so. */
  readonly init: boolean;
}
