/**
 * /proc: a new one that shows the processes of the sandbox and no others.
 *
 * Errors the launcher can report from here:
 * - `EPERM`: in a nested container, where no full procfs is in view (mount_too_revealing in fs/namespace.c).
 *
 * @see https://man7.org/linux/man-pages/man5/proc.5.html
 * @module
 */
import { definePlugin, entry } from "../src/api.ts";

const target = "/proc";

export default definePlugin({
  name: "proc",
  summary: "A /proc of its own",
  after: ["pid"],

  *plan(_config: unknown, ctx) {
    if (ctx.has("pid")) yield entry({ target, type: "filesystem", filesystem: "proc", options: "" });
    // A new procfs shows the PID namespace of whoever mounts it: with the host's there is nothing to gain over the host's own.
    else yield entry({ target, type: "bind", source: target, node: "directory", readOnly: true });
  },
});
