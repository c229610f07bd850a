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
export { NAMESPACES, type NamespaceName } from "./linux/namespace.ts";
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
  identity,
  init,
  inside,
  namespace,
  newPrivileges,
  note,
  type Root,
  root,
  runOnly,
  type Secret,
  secret,
  workdir,
} from "./plan/contribution.ts";
export { definePlugin, type Flag, type FlagContext, type PlanContext, type Plugin } from "./plugin/define.ts";
export type { Child, HookContext, SandboxResult } from "./plugin/hooks.ts";
export type { DirectoryEntry, Host, NodeType } from "./plugin/host.ts";
