/**
 * Own cgroup namespace: the cgroup that the sandbox starts in looks like the root, so that /proc/self/cgroup tells nothing of the host.
 *
 * Errors the launcher can report from here:
 * - `ENOSPC` of clone(2): /proc/sys/user/max_cgroup_namespaces is reached.
 *
 * @see https://man7.org/linux/man-pages/man7/cgroup_namespaces.7.html
 * @module
 */
import * as v from "valibot";
import { definePlugin, namespace, note } from "../src/api.ts";
import { choice } from "./flag.ts";

const config = v.strictObject({
  mode: v.optional(
    v.pipe(
      v.picklist(["private", "host"]),
      v.description("`private`: an own cgroup namespace. `host`: cgroup paths of the host are seen."),
    ),
  ),
});

export default definePlugin<v.InferOutput<typeof config>>({
  name: "cgroupns",
  summary: "Own cgroup namespace",
  config,
  flags: { cgroupns: choice("mode", ["private", "host"], "Cgroup namespace; host: see cgroup paths of the host") },

  *plan({ mode }) {
    if (mode === "host") yield note("--cgroupns host: the payload sees cgroup paths of the host.");
    else yield namespace("cgroup");
  },
});
