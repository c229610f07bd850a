/**
 * The frozen description of one sandbox: everything that is decided before a program is made of it.
 * @module
 */
import type { Op } from "../ir/op.ts";
import type { NamespaceName } from "../linux/namespace.ts";
import type { Cover, Entry, Identity, Root, SeccompFacts, Secret, Stdio } from "./contribution.ts";
import type { Landlock } from "./landlock/policy.ts";
import type { OpenPhase } from "./phase.ts";

/** Something with the name of the plugin that asked for it. */
export type From<T> = T & { readonly plugin: string };

export interface Plan {
  /** The command and its arguments, as the payload's argv. */
  readonly command: readonly string[];
  readonly namespaces: readonly From<{ readonly name: NamespaceName }>[];
  readonly identity: From<Identity>;
  readonly root: From<Root>;
  /** Sorted, so that a parent stands before what is in it. */
  readonly entries: readonly From<Entry>[];
  /** Sorted too. */
  readonly covers: readonly From<Cover>[];
  readonly secrets: readonly From<Secret>[];
  readonly steps: readonly From<{ readonly phase: OpenPhase; readonly ops: readonly Op[] }>[];
  readonly environment: readonly From<{ readonly name: string; readonly value: string }>[];
  readonly workdir: From<{ readonly path: string }>;
  readonly init: From<{ readonly enabled: boolean }>;
  readonly capabilities: From<{ readonly numbers: readonly number[] }>;
  readonly newPrivileges: From<{ readonly allowed: boolean }>;
  readonly oomScore: From<{ readonly atLeast: number }>;
  readonly stdio: From<Stdio>;
  /** Without it nothing is restricted by Landlock. Its rules for files follow from `root` and `entries`. */
  readonly landlock?: From<Landlock>;
  /** Undefined: no filter. */
  readonly seccomp: From<SeccompFacts> | undefined;
  readonly notes: readonly From<{ readonly text: string }>[];
  /** Why it is neither compiled nor kept: empty where it can be. */
  readonly runOnly: readonly From<{ readonly reason: string }>[];
  /** Plugins that have work to do from outside while the sandbox lives: empty means self-contained. */
  readonly supervisedBy: readonly { readonly plugin: string; readonly hooks: readonly string[] }[];
}
