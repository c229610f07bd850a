/**
 * /dev: six harmless devices, terminals and shared memory of the sandbox's own, and the links that programs expect.
 *
 * Always a file system of its own, so that nothing is created in a root directory of the user's.
 *
 * Errors the launcher can report from here:
 * - `ENOENT` of open_tree(2): the host lacks the device.
 *
 * @see https://man7.org/linux/man-pages/man4/null.4.html
 * @see https://man7.org/linux/man-pages/man7/pty.7.html
 * @see https://man7.org/linux/man-pages/man7/mq_overview.7.html
 * @module
 */
import { definePlugin, entry } from "../src/api.ts";

const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];

const LINKS = {
  ptmx: "pts/ptmx",
  fd: "/proc/self/fd",
  stdin: "/proc/self/fd/0",
  stdout: "/proc/self/fd/1",
  stderr: "/proc/self/fd/2",
};

/** Room for names only: there is no data in /dev. */
const DEV_BYTES = 65_536;
const DEV_INODES = 64;
const SHM_BYTES = 64 * 1_048_576;
const SHM_INODES = 65_536;
/** Pseudo-terminals are counted for the whole host (kernel.pty.max). */
const TERMINALS_MAX = 64;

export default definePlugin({
  name: "devices",
  summary: "A minimal /dev: null, zero, full, random, urandom, tty, own terminals and shared memory",
  after: ["ipc"],

  *plan(_config: unknown, ctx) {
    yield entry({
      target: "/dev",
      type: "tmpfs",
      sizeBytes: DEV_BYTES,
      inodes: DEV_INODES,
      mode: 0o755,
      readOnly: true,
    });
    for (const name of DEVICES) {
      yield entry({ target: `/dev/${name}`, type: "bind", source: `/dev/${name}`, node: "device", readOnly: false });
    }
    for (const [name, to] of Object.entries(LINKS)) yield entry({ target: `/dev/${name}`, type: "symlink", to });
    const options = `newinstance,ptmxmode=0666,mode=0620,max=${TERMINALS_MAX}`;
    yield entry({ target: "/dev/pts", type: "filesystem", filesystem: "devpts", options });
    yield entry({ target: "/dev/shm", type: "tmpfs", sizeBytes: SHM_BYTES, inodes: SHM_INODES, mode: 0o1777 });
    if (ctx.has("ipc")) yield entry({ target: "/dev/mqueue", type: "filesystem", filesystem: "mqueue", options: "" });
  },
});
