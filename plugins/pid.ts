/**
 * Own PID namespace: the payload sees, signals and traces only its own processes, and all of them end with the sandbox.
 *
 * Errors the launcher can report from here:
 * - `ENOSPC`: 32 PID namespaces are nested, or /proc/sys/user/max_pid_namespaces is reached.
 *
 * @see https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
 * @module
 */
import * as v from "valibot";
import { definePlugin, init, namespace, note, refuse } from "../src/api.ts";
import { choice, toggle } from "./flag.ts";

const config = v.strictObject({
  mode: v.optional(
    v.pipe(
      v.picklist(["private", "host"]),
      v.description("`private`: an own PID namespace. `host`: every process of the host is seen."),
    ),
  ),
  init: v.optional(
    v.pipe(
      v.boolean(),
      v.description("An init of some KB as PID 1 reaps and forwards signals. `false`: the payload is PID 1."),
    ),
  ),
});

export default definePlugin<v.InferOutput<typeof config>>({
  name: "pid",
  summary: "Own PID namespace, with an init as PID 1",
  after: ["userns"],
  config,
  flags: {
    pid: choice("mode", ["private", "host"], "PID namespace; host: see every process of the host"),
    init: toggle("init", true, "Run an init as PID 1 (the default)"),
    "no-init": toggle("init", false, "Run the payload as PID 1: nothing reaps or forwards signals for it"),
  },

  *plan({ mode, init: enabled }, { identity: { outside } }) {
    if (mode === "host" && outside === "range")
      refuse({
        code: "E_PID_HOST_RANGE",
        message:
          "--pid host does not end what the payload leaves in the background, which would keep ids of --userns auto",
        hint: "leave out one of the two: the ids are another sandbox's as soon as this one has ended",
      });
    if (mode === "host")
      yield note(
        "--pid host: the payload sees every process of the host; what it leaves in the background is not ended.",
      );
    else yield namespace("pid");
    if (enabled === false) yield init(false);
  },
});
