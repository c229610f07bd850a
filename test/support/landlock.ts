/**
 * Plans with Landlock, and what the kernel of the tests has of it.
 * @module
 */
import { test } from "bun:test";
import type { Entry, Root } from "../../src/api.ts";
import { askLandlockAbi } from "../../src/launch/landlock.ts";
import { DEFAULT_LEVELS, type Landlock, type LandlockLevels, type TcpPorts } from "../../src/plan/landlock/policy.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { testWith } from "./callers.ts";

export interface LandlockOptions {
  readonly levels?: Partial<LandlockLevels>;
  readonly tcp?: TcpPorts;
  readonly log?: boolean;
}

export const landlockOf = ({ levels = {}, tcp = {}, log = false }: LandlockOptions = {}): Landlock => ({
  levels: { ...DEFAULT_LEVELS, ...levels },
  tcp,
  log,
});

export interface PlanShape extends LandlockOptions {
  readonly root?: Root;
  readonly entries?: readonly Entry[];
  readonly capabilities?: readonly number[];
}

export const TMPFS_ROOT: Root = { type: "tmpfs", sizeBytes: 2 ** 20, inodes: 100 };

/** A plan with these mounts and nothing else to speak of. */
export const planWith = ({
  root = TMPFS_ROOT,
  entries = [],
  capabilities = [],
  ...landlock
}: PlanShape = {}): Plan => ({
  command: ["/bin/true"],
  supervisedBy: [],
  namespaces: [],
  identity: { uid: 7, gid: 7, outside: "caller", name: "ann", home: "/home/ann", plugin: "userns" },
  root: { ...root, plugin: "rootfs" },
  entries: entries.map((entry) => ({ ...entry, plugin: "rootfs" })),
  steps: [],
  environment: [],
  workdir: { path: "/", plugin: "rootfs" },
  init: { enabled: true, plugin: "bunker" },
  capabilities: { numbers: capabilities, plugin: "capabilities" },
  oomScore: { atLeast: 0, plugin: "process" },
  newPrivileges: { allowed: false, plugin: "no_new_privs" },
  landlock: { ...landlockOf(landlock), plugin: "landlock" },
  stdio: { streams: "relay", terminal: "auto", plugin: "stdio" },
  seccomp: undefined,
  covers: [],
  secrets: [],
  runOnly: [],
  notes: [],
});

/** Of the kernel that the tests run on. */
export const KERNEL_ABI = askLandlockAbi();

/** A test of what a version of the ABI brought, by a Python that looks from inside. */
export const testWithAbi = (abi: number, title: string, body: () => void | Promise<void>): void => {
  if (KERNEL_ABI >= abi) testWith(["python3"], title, body);
  else test.skip(`${title}: this kernel has no Landlock ABI ${abi}`, () => {});
};
