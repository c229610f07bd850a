/**
 * What the payload inherits and would else come from the caller: its umask, and no core dumps.
 *
 * RLIMIT_CORE is 1, not 0: with 0 the kernel still starts a core_pattern helper (core(5)), on the host and as root there.
 *
 * @see https://man7.org/linux/man-pages/man2/umask.2.html
 * @see https://man7.org/linux/man-pages/man2/getrlimit.2.html
 * @module
 */
import { bytes, call, constant, definePlugin, ignoring, inside } from "../src/api.ts";

const UMASK = constant(0o022, "022");
const RLIMIT_CORE = constant(4, "RLIMIT_CORE");
const CORE_BYTES_MAX = 1n;

/** `struct rlimit64 { u64 soft, hard }`. */
const coreLimit = new Uint8Array(new BigUint64Array([CORE_BYTES_MAX, CORE_BYTES_MAX]).buffer);

export default definePlugin({
  name: "process",
  summary: "Umask 022, no core dumps",

  *plan() {
    // EPERM: the caller's own hard limit is lower still, and stays.
    yield inside("limits", ignoring(call("prlimit64", [0, RLIMIT_CORE, bytes(coreLimit, "{1, 1}"), 0]), "EPERM"));
    yield inside("session", call("umask", [UMASK]));
  },
});
