/**
 * What plugins yield: the vocabulary in which a sandbox is described.
 *
 * Contributions are data. What they become is decided in one place, by merge.ts and lower.ts.
 * @module
 */
import type { Op } from "../ir/op.ts";
import type { Extent } from "../linux/idmap.ts";
import type { NamespaceName } from "../linux/namespace.ts";
import type { LandlockPolicy, TcpAction } from "./landlock/policy.ts";
import type { OpenPhase } from "./phase.ts";

/** Maps that are known before the sandbox starts. */
export interface IdMaps {
  readonly uid: readonly Extent[];
  readonly gid: readonly Extent[];
  /** Absolute paths of newuidmap(1) and newgidmap(1), which write the maps of a caller that may not do it itself. */
  readonly helpers?: { readonly uid: string; readonly gid: string };
  /** Whether setgroups(2) works inside: not where a caller has no group to give but its own (user_namespaces(7)). */
  readonly setgroups: boolean;
}

/**
 * Who the payload is. What is not mapped shows as the overflow id 65534.
 */
export interface Identity {
  /** The user id that the payload has inside. `caller`: the id of whoever starts the sandbox, 1000 where that is root. */
  readonly uid: number | "caller";
  readonly gid: number | "caller";
  /** Supplementary groups, inside. */
  readonly groups?: readonly number[];
  /** Nobody has chosen the ids: a standalone image takes those of whoever runs it. */
  readonly isDefault?: boolean;
  /**
   * The kernel's view of the ids.
   * - `caller`: one is mapped, to the caller's own uid and gid.
   * - `own`: one is mapped, to an unprivileged one that no other sandbox has, for a caller that is root.
   * - `range`: 0 to 65535 are mapped, to unprivileged ones that no other sandbox has, for a caller that is root.
   * - `maps`: see {@link Identity.maps}.
   * - `host`: no user namespace at all; the payload is the caller.
   */
  readonly outside: "caller" | "own" | "range" | "maps" | "host";
  readonly maps?: IdMaps;
  /** The payload may make user namespaces in its own. */
  readonly nested?: boolean;
  /** Login name and home directory in the sandbox's own /etc/passwd. */
  readonly name: string;
  readonly home: string;
}

/** What is mounted on `/`. */
export type Root =
  | { readonly type: "tmpfs"; readonly sizeBytes: number; readonly inodes: number }
  | { readonly type: "directory"; readonly source: string; readonly readOnly: boolean };

/**
 * A piece of a synthesised file: text, an id that may only be known when the sandbox starts, or a secret, by its name: what it is
 * stands nowhere in the plan.
 */
export type ContentPart = string | { readonly id: "uid" | "gid" } | { readonly secret: string };

/** Whose it is inside, where that is not root: only where many ids are mapped does it make a difference. */
export type Owner = "payload";

/** One thing in the sandbox's file system. Missing parent directories are made. */
export type Entry = { readonly target: string } & (
  | {
      readonly type: "bind";
      /** Absolute path on the host. Submounts come along. */
      readonly source: string;
      /** What the source is; the target is made to match. */
      readonly node: "directory" | "file" | "device";
      /** Recursively: submounts too. */
      readonly readOnly: boolean;
      readonly noexec?: boolean;
      /** The files of the source's owner are the payload's: only for an identity that root maps. */
      readonly idmap?: boolean;
    }
  | {
      /** A directory of the host's, on which nothing is written: what is, stays in memory or in a directory for it. */
      readonly type: "overlay";
      readonly source: string;
      /** A directory of the host's. What is written stays in its `upper`, beside a `work` of the kernel's. */
      readonly upper?: string;
      /** Of the memory, where there is no such directory. */
      readonly sizeBytes: number;
      readonly inodes: number;
      readonly noexec?: boolean;
      readonly idmap?: boolean;
    }
  | {
      readonly type: "tmpfs";
      readonly sizeBytes: number;
      readonly inodes: number;
      readonly mode: number;
      readonly noexec?: boolean;
      readonly readOnly?: boolean;
      readonly owner?: Owner;
    }
  /** A pseudo file system of the kernel's. `options` as mount(8) takes them: `newinstance,ptmxmode=0666`. */
  | {
      readonly type: "filesystem";
      readonly filesystem: "proc" | "sysfs" | "mqueue" | "devpts";
      readonly options: string;
    }
  | { readonly type: "directory"; readonly mode: number }
  | {
      readonly type: "file";
      readonly mode: number;
      readonly content: readonly ContentPart[];
      readonly owner?: Owner;
      /** A mount by itself, writable or not whatever its directory is, and allowed in directories of the user's. */
      readonly mount?: "read-only" | "writable";
    }
  | { readonly type: "symlink"; readonly to: string }
);

/** What the payload has as its standard streams. */
export interface Stdio {
  /**
   * - `relay`: regular files and terminals of the caller's stay outside, behind pipes and a terminal of the sandbox's own.
   * - `inherit`: the payload gets the caller's own descriptors.
   */
  readonly streams: "relay" | "inherit";
  /** `auto`: a terminal of its own where standard input is one. `always`: one for its outputs in any case. */
  readonly terminal: "auto" | "always" | "never";
}

/** A seccomp filter, for people and machines. The filter itself is an operand of the step that installs it. */
export interface SeccompFacts {
  /** `default`, `strict`, or the file. */
  readonly profile: string;
  readonly instructions: number;
  /** Of the filter's bytes, in hexadecimal. */
  readonly sha256: string;
  /** What would be denied is done, and logged. */
  readonly log: boolean;
  /** Names in the profile that are no calls here. */
  readonly skipped: readonly string[];
}

/** A place inside that is not shown as it is. Covers are laid over everything else, when every entry is there. */
export interface Cover {
  readonly target: string;
  /** `hidden`: an empty file or directory is seen instead. `read-only`: it is, whatever it lies on. */
  readonly how: "hidden" | "read-only";
  readonly node: "directory" | "file";
  /** Where there is none it is left out: not every kernel has every file. Otherwise that is an error. */
  readonly optional: boolean;
}

/** Contents that no plan, program or image has: they are handed to the launcher by descriptor. */
export interface Secret {
  readonly name: string;
  /** An absolute path on the host, or a variable of the caller's environment. */
  readonly from: { readonly file: string } | { readonly variable: string };
}

export type Contribution =
  | { readonly kind: "namespace"; readonly name: NamespaceName }
  | { readonly kind: "identity"; readonly identity: Identity }
  | { readonly kind: "root"; readonly root: Root }
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "cover"; readonly cover: Cover }
  | { readonly kind: "secret"; readonly secret: Secret }
  /** Only `bunker run` can start it, planned anew each time: it is neither compiled nor kept. The reason is the end of a sentence. */
  | { readonly kind: "runOnly"; readonly reason: string }
  /** Operations that the launcher runs at the end of a phase, in the order of the plugins. */
  | { readonly kind: "inside"; readonly phase: OpenPhase; readonly ops: readonly Op[] }
  | { readonly kind: "environment"; readonly name: string; readonly value: string }
  /** Where the payload starts: an absolute path inside. The last one wins. */
  | { readonly kind: "workdir"; readonly path: string }
  /** `false`: the payload is the first process itself, nothing reaps or forwards for it. */
  | { readonly kind: "init"; readonly enabled: boolean }
  /** Capability numbers that the payload holds in all five sets; without any contribution it holds none. */
  | { readonly kind: "capabilities"; readonly numbers: readonly number[] }
  /** The payload (and everything that it starts) may gain privileges through execve. */
  | { readonly kind: "newPrivileges"; readonly allowed: boolean }
  /** The payload is among the first to go when memory runs out: the least oom_score_adj that it has, from 0 to 1000. */
  | { readonly kind: "oomScore"; readonly atLeast: number }
  | { readonly kind: "stdio"; readonly stdio: Stdio }
  /** Which features of Landlock are wanted, and how strongly; without any contribution there is no ruleset. */
  | ({ readonly kind: "landlock" } & LandlockPolicy)
  /** The only ports that TCP may connect to, or bind; 0 to bind is one that the kernel picks. Held by Landlock. */
  | { readonly kind: "tcpPorts"; readonly action: TcpAction; readonly ports: readonly number[] }
  /** What is to be told of the filter that a step in the phase `seccomp` installs. */
  | { readonly kind: "seccomp"; readonly seccomp: SeccompFacts }
  /** A sentence for people who read `bunker explain`. */
  | { readonly kind: "note"; readonly text: string };

export const namespace = (name: NamespaceName): Contribution => ({ kind: "namespace", name });
export const identity = (value: Identity): Contribution => ({ kind: "identity", identity: value });
export const root = (value: Root): Contribution => ({ kind: "root", root: value });
export const entry = (value: Entry): Contribution => ({ kind: "entry", entry: value });
export const cover = (value: Cover): Contribution => ({ kind: "cover", cover: value });
export const secret = (value: Secret): Contribution => ({ kind: "secret", secret: value });
export const runOnly = (reason: string): Contribution => ({ kind: "runOnly", reason });
export const inside = (phase: OpenPhase, ...ops: readonly Op[]): Contribution => ({ kind: "inside", phase, ops });
export const environment = (name: string, value: string): Contribution => ({ kind: "environment", name, value });
export const workdir = (path: string): Contribution => ({ kind: "workdir", path });
export const init = (enabled: boolean): Contribution => ({ kind: "init", enabled });
export const capabilities = (numbers: readonly number[]): Contribution => ({ kind: "capabilities", numbers });
export const newPrivileges = (allowed: boolean): Contribution => ({ kind: "newPrivileges", allowed });
export const oomScore = (atLeast: number): Contribution => ({ kind: "oomScore", atLeast });
export const stdio = (value: Stdio): Contribution => ({ kind: "stdio", stdio: value });
export const landlock = (policy: LandlockPolicy): Contribution => ({ kind: "landlock", ...policy });
export const tcpPorts = (action: TcpAction, ports: readonly number[]): Contribution => ({
  kind: "tcpPorts",
  action,
  ports,
});
export const seccomp = (value: SeccompFacts): Contribution => ({ kind: "seccomp", seccomp: value });
export const note = (value: string): Contribution => ({ kind: "note", text: value });
