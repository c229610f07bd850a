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
export { parseSubids } from "./linux/subid.ts";
export {
  type ContentPart,
  type Contribution,
  capabilities,
  type Entry,
  entry,
  environment,
  type Identity,
  type IdMaps,
  identity,
  init,
  inside,
  namespace,
  newPrivileges,
  note,
  type Owner,
  oomScore,
  type Root,
  root,
  workdir,
} from "./plan/contribution.ts";
export {
  definePlugin,
  type Flag,
  type FlagContext,
  type PlanContext,
  type Plugin,
  type ResolveContext,
} from "./plugin/define.ts";
export type { Child, HookContext, SandboxResult } from "./plugin/hooks.ts";
export type { Host, NodeType } from "./plugin/host.ts";
