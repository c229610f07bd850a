/**
 * A session keyring of the payload's own, new and empty: keys that the caller's session holds are not possessed inside.
 *
 * Namespaces do not do this: who possesses a session keyring keeps it through all of them (keyrings(7)). It is made by the payload's
 * process, after that has become the payload's user, whose it then is. What a payload with the caller's own kernel id can
 * still see is the names of that user's keys in /proc/keys, as any process of that user can.
 *
 * A kernel without keys (ENOSYS) has none to leak.
 *
 * Errors the launcher can report from here:
 * - `EPERM`: a seccomp filter around us forbids keyctl(2), as Docker's does.
 * - `EDQUOT`: the user has as many keys as /proc/sys/kernel/keys/maxkeys allows.
 *
 * @see https://man7.org/linux/man-pages/man7/session-keyring.7.html
 * @see https://man7.org/linux/man-pages/man2/keyctl.2.html
 * @module
 */
import * as v from "valibot";
import { call, constant, definePlugin, described, ignoring, inside, note } from "../src/api.ts";
import { choice } from "./flag.ts";

const config = v.strictObject({
  session: v.optional(
    v.pipe(
      v.picklist(["private", "host"]),
      v.description("`private`: a new session keyring. `host`: the caller's, with the keys in it."),
    ),
  ),
});

const KEYCTL_JOIN_SESSION_KEYRING = constant(1, "KEYCTL_JOIN_SESSION_KEYRING");

export default definePlugin<v.InferOutput<typeof config>>({
  name: "keyring",
  summary: "A session keyring of its own",
  config,
  flags: { keyring: choice("session", ["private", "host"], "Session keyring; host: the caller's, with its keys") },

  *plan({ session }) {
    if (session === "host") yield note("--keyring host: the payload has the keys of the caller's session keyring.");
    else
      yield inside(
        "identity",
        ignoring(
          described(
            call("keyctl", [KEYCTL_JOIN_SESSION_KEYRING, constant(0, "NULL")]),
            "keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL)",
          ),
          "ENOSYS",
        ),
      );
  },
});
