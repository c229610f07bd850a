/**
 * Namespaces: their flags and their names under /proc/PID/ns.
 *
 * Source: include/uapi/linux/sched.h, namespaces(7).
 * @module
 */
export const NAMESPACES = {
  user: { flag: 0x1000_0000, constant: "CLONE_NEWUSER", link: "user" },
  mnt: { flag: 0x0002_0000, constant: "CLONE_NEWNS", link: "mnt" },
  pid: { flag: 0x2000_0000, constant: "CLONE_NEWPID", link: "pid" },
  net: { flag: 0x4000_0000, constant: "CLONE_NEWNET", link: "net" },
  ipc: { flag: 0x0800_0000, constant: "CLONE_NEWIPC", link: "ipc" },
  uts: { flag: 0x0400_0000, constant: "CLONE_NEWUTS", link: "uts" },
  cgroup: { flag: 0x0200_0000, constant: "CLONE_NEWCGROUP", link: "cgroup" },
  /** Shares its bit with the exit signal of clone(2), so that only unshare(2) and clone3(2) can ask for it. */
  time: { flag: 0x0000_0080, constant: "CLONE_NEWTIME", link: "time" },
} as const;

export type NamespaceName = keyof typeof NAMESPACES;
