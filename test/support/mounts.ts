/**
 * Mounts as /proc/PID/mountinfo has them.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
 * @module
 */
export interface Mounted {
  readonly root: string;
  readonly target: string;
  readonly options: readonly string[];
  readonly type: string;
  readonly superOptions: readonly string[];
}

export const parseMounts = (mountinfo: string): readonly Mounted[] =>
  mountinfo
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [, , , root = "", target = "", options = ""] = before.split(" ");
      const [type = "", , superOptions = ""] = after.split(" ");
      return { root, target, options: options.split(","), type, superOptions: superOptions.split(",") };
    });
