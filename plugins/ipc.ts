/**
 * Own IPC namespace: System V shared memory, semaphores and message queues, and POSIX message queues.
 *
 * What is mounted for them (/dev/shm, /dev/mqueue) is up to the plugin `devices`.
 *
 * Errors the launcher can report from here:
 * - `ENOSPC` of clone(2): /proc/sys/user/max_ipc_namespaces is reached.
 *
 * @see https://man7.org/linux/man-pages/man7/ipc_namespaces.7.html
 * @module
 */
import * as v from "valibot";
import { definePlugin, namespace, note } from "../src/api.ts";
import { choice } from "./flag.ts";

const config = v.strictObject({
  mode: v.optional(
    v.pipe(
      v.picklist(["private", "host"]),
      v.description("`private`: an own IPC namespace. `host`: System V IPC of the host."),
    ),
  ),
});

export default definePlugin<v.InferOutput<typeof config>>({
  name: "ipc",
  summary: "Own IPC namespace",
  config,
  flags: { ipc: choice("mode", ["private", "host"], "IPC namespace; host: System V IPC of the host") },

  *plan({ mode }) {
    if (mode === "host") yield note("--ipc host: the payload shares System V IPC with the host.");
    else yield namespace("ipc");
  },
});
