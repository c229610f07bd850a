/**
 * Own user namespace, and the identity of the payload in it.
 *
 * Errors the launcher can report from here:
 * - `EPERM` of clone(2): user namespaces are forbidden by a sysctl, an AppArmor restriction or the seccomp filter of an outer container.
 * - `ENOSPC`: /proc/sys/user/max_user_namespaces is reached, or 32 are nested.
 * - `EPERM` of the write to uid_map: the caller may not map this id.
 *
 * @see https://man7.org/linux/man-pages/man7/user_namespaces.7.html
 * @module
 */
import * as v from "valibot";
import { definePlugin, type Identity, identity, namespace, note } from "../../src/api.ts";
import { choice } from "../flag.ts";
import { chooseInside, hostIdentity, outsideOf } from "./identity.ts";
import { parseUser, USER_SYNTAX } from "./ids.ts";

const config = v.strictObject({
  mode: v.optional(
    v.pipe(
      v.picklist(["private", "host"]),
      v.description(
        "`private`: an own user namespace. `host`: none, for root only; the payload is then real root of the host.",
      ),
    ),
  ),
  user: v.optional(
    v.pipe(
      v.string(),
      v.check((user) => parseUser(user) !== undefined, `allowed: ${USER_SYNTAX}`),
      v.description(
        "Who the payload is inside: `UID`, `UID:GID` or a name. `root` is 0 inside, and still unprivileged outside.",
      ),
    ),
  ),
});

/** `identity` is filled by `resolve`. */
type Config = v.InferOutput<typeof config> & { readonly identity?: Identity };

export default definePlugin<Config>({
  name: "userns",
  summary: "Own user namespace: who the payload is, inside and for the kernel",
  config,
  flags: {
    user: {
      short: "u",
      value: "UID[:GID]|NAME",
      summary: "Who the payload is inside (root: 0 inside, unprivileged outside)",
      apply: (section, value, ctx) => (parseUser(value) ? { ...section, user: value } : ctx.refuse(value, USER_SYNTAX)),
    },
    userns: choice("mode", ["private", "host"], "User namespace; host: none, the payload is real root (root only)"),
  },

  resolve: ({ mode, user }, host) => ({
    identity: mode === "host" ? hostIdentity(user, host) : { ...chooseInside(user, host), outside: outsideOf(host) },
  }),

  *plan({ identity: decided }) {
    if (decided === undefined) throw new Error("userns: resolve runs before plan");
    if (decided.outside !== "host") yield namespace("user");
    yield identity(decided);
    if (decided.outside === "host")
      yield note("--userns host: the payload is real root of the host, held by capabilities only.");
  },
});
