/**
 * The plugin API: what `import { … } from "bunker"` gives, inside the binary and from npm.
 * @module
 */

export { BunkerError, refuse } from "./errors.ts";
export {
  addressOf,
  branch,
  buffer,
  bytes,
  compute,
  constant,
  flags,
  jump,
  label,
  load,
  set,
  slot,
  store,
  text,
  vector,
} from "./ir/build.ts";
export * as calls from "./ir/calls.ts";
export { call, described, ignoring, onErrno, setdomainname, sethostname } from "./ir/calls.ts";
export type { Op, Operand, Slot, SyscallOp } from "./ir/op.ts";
export { CAPABILITIES, type CapabilityName } from "./linux/capability.ts";
export {
  EXTENTS_MAX,
  type Extent,
  ID_MAX,
  MAP_BYTES_MAX,
  mergeExtents,
  parseId,
  printMap,
  readMap,
  showIds,
  toInside,
  toOutside,
} from "./linux/idmap.ts";
export { ID_RANGE_IDS } from "./linux/idpool.ts";
export { NAMESPACES, type NamespaceName } from "./linux/namespace.ts";
export { SECCOMP_FILTER_FLAGS, SECCOMP_SET_MODE_FILTER } from "./linux/seccomp.ts";
export { parseSubids } from "./linux/subid.ts";
export type { Arch } from "./linux/syscalls.ts";
export {
  type ContentPart,
  type Contribution,
  type Cover,
  capabilities,
  cover,
  type Entry,
  entry,
  environment,
  type Identity,
  type IdMaps,
  identity,
  init,
  inside,
  landlock,
  namespace,
  newPrivileges,
  note,
  type Owner,
  oomScore,
  type Root,
  root,
  runOnly,
  type SeccompFacts,
  type Secret,
  type Stdio,
  seccomp,
  secret,
  stdio,
  tcpPorts,
  workdir,
} from "./plan/contribution.ts";
export {
  DEFAULT_LEVELS as LANDLOCK_DEFAULT_LEVELS,
  LANDLOCK_FEATURES,
  LANDLOCK_LEVELS,
  type LandlockFeature,
  type LandlockLevel,
  type LandlockLevels,
  type LandlockPolicy,
  type TcpAction,
} from "./plan/landlock/policy.ts";
export { definePlugin, type Flag, type FlagContext, type PlanContext, type Plugin } from "./plugin/define.ts";
export type { Child, HookContext, SandboxResult } from "./plugin/hooks.ts";
export type { DirectoryEntry, Host, NodeType } from "./plugin/host.ts";
export type { Filter } from "./seccomp/filter.ts";
export { loadSeccompCompiler } from "./seccomp/load.ts";
