/**
 * no_new_privs: nothing that the payload executes gains a right, by a setuid bit or by file capabilities.
 *
 * @see https://man7.org/linux/man-pages/man2/PR_SET_NO_NEW_PRIVS.2const.html
 * @module
 */
import * as v from "valibot";
import { definePlugin, newPrivileges, note } from "../src/api.ts";
import { toggle } from "./flag.ts";

const config = v.strictObject({
  allow: v.optional(
    v.pipe(
      v.boolean(),
      v.description("The payload may gain privileges through execve(2). Mounts stay nosuid all the same."),
    ),
  ),
});

export default definePlugin<v.InferOutput<typeof config>>({
  name: "no_new_privs",
  summary: "Nothing that is executed gains privileges",
  config,
  flags: {
    "allow-new-privileges": toggle("allow", true, "Let execve give privileges: setuid bits, file capabilities"),
  },

  *plan({ allow = false }) {
    yield newPrivileges(allow);
    if (allow) yield note("--allow-new-privileges: programs with file capabilities can gain them inside.");
  },
});
