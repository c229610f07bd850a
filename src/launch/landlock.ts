/**
 * What this kernel has of Landlock, for those who want to know it before a sandbox starts. A sandbox asks for itself.
 * @module
 */
import { ptr } from "bun:ffi";
import { ABI_MAX, handledBy, LANDLOCK_CREATE_RULESET_VERSION } from "../linux/landlock.ts";
import { tryCall } from "./libc.ts";

const ATTR_BYTES = 24;

/** Whether the kernel takes everything that belongs to a version (plan/lower/landlock.ts says why it may not). */
const takes = (abi: number): boolean => {
  const { fs, net, scoped } = handledBy(abi);
  const attr = new BigUint64Array([fs, net, scoped].map(BigInt));
  const ruleset = tryCall("landlock_create_ruleset", ptr(attr), ATTR_BYTES, 0);
  if (ruleset >= 0) tryCall("close", ruleset);
  return ruleset >= 0;
};

/** The newest version that is known here and that it has all of; a negative errno where there is none. */
export const askLandlockAbi = (): number => {
  const claimed = tryCall("landlock_create_ruleset", 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (claimed <= 0) return claimed;
  for (let abi = Math.min(claimed, ABI_MAX); abi > 0; abi--) if (takes(abi)) return abi;
  return 0;
};
