/**
 * The order in which a sandbox is built, and why.
 *
 * Theory of operation. `clone(2)` makes the namespaces; the launcher is their first process and holds every capability over
 * them, none over the host. It gives up, step by step, what the next step no longer needs:
 *
 * 1. `release`  Waits for the supervisor where somebody outside has work to do: id maps of a root caller, veth, cgroup.
 * 2. `time`     Clock offsets must be written before anything enters the time namespace, and while /proc/self is still ours.
 * 3. `sources`  Copies what is shared from the host as detached mounts: the last moment at which host paths mean something.
 *               A new procfs is made here too: the kernel allows it only while a full procfs of the host is still in view.
 * 4. `identity map`  Takes a mapped id: a tmpfs refuses an unmapped owner (EOVERFLOW).
 * 5. `uts`, `network`  Independent of the rest.
 * 6. `root`     Private propagation, the new root, pivot_root, and the old root is detached: from here on no name leads to the host,
 *               so no symlink in a root or volume of the user's can redirect a mount out of the sandbox.
 * 7. `mounts`   Every entry, parents first; then the root is sealed read-only.
 * 8. `limits`   Resource limits; late, so that they do not hit the launcher.
 *               Here init forks, stays behind as PID 1, and the rest happens in the process that becomes the payload.
 * 9. `session`  Working directory, signals, umask: what the payload inherits.
 * 10. `identity`  Where many ids are mapped, the launcher has worked as root inside until now, and becomes the payload's user: groups,
 *               gid, uid. What belongs to that user, as a keyring does, is made after that.
 * 11. `capabilities`  After the ids, which take some to change; the bounding set first, since dropping it needs CAP_SETPCAP.
 * 12. `no_new_privs`  Needed by the two filters after it.
 * 13. `landlock`, `seccomp`  Last, so that they need not allow what the launcher does; seccomp after landlock, whose calls it may deny.
 *               Operations of plugins in `landlock` are under what the plan restricts by it. Where execve may give privileges there
 *               is no no_new_privs: both come before `capabilities` then, while the launcher has CAP_SYS_ADMIN.
 * 14. `exec`
 * @module
 */
export const PHASES = [
  "release",
  "time",
  "sources",
  "identity map",
  "uts",
  "network",
  "root",
  "mounts",
  "limits",
  "session",
  "identity",
  "capabilities",
  "no_new_privs",
  "landlock",
  "seccomp",
  "exec",
] as const;

export type Phase = (typeof PHASES)[number];

/** The phases in which plugins may place operations of their own. */
export type OpenPhase =
  | "time"
  | "uts"
  | "network"
  | "mounts"
  | "limits"
  | "session"
  | "identity"
  | "landlock"
  | "seccomp";
