/**
 * Why the kernel may have said no, from what is known of the host. Pure: the facts are read by src/launch/facts.ts.
 *
 * Sources: clone(2) and user_namespaces(7) for errnos and limits; Documentation/admin-guide/sysctl/user.rst; the AppArmor and
 * Debian sysctls as those distributions document them; fs/namespace.c (mount_too_revealing) for procfs in a container.
 * @module
 */
import { errnoName, errnos } from "../linux/errno.ts";
import { type LandlockFacts, landlockHint } from "./landlock.ts";

/** What decides whether namespaces can be made here. `undefined`: this kernel has no such setting. */
export interface HostFacts extends LandlockFacts {
  /** /proc/sys/user/max_user_namespaces */
  readonly maxUserNamespaces: number | undefined;
  /** /proc/sys/kernel/unprivileged_userns_clone: Debian's, Arch's */
  readonly unprivilegedUsernsClone: number | undefined;
  /** /proc/sys/kernel/apparmor_restrict_unprivileged_userns: Ubuntu's since 23.10 */
  readonly apparmorRestrictUserns: number | undefined;
  /** `Seccomp:` of /proc/self/status: 2 is a filter */
  readonly seccompMode: number;
  /** Mounts below /proc, which hide parts of it: every container runtime makes some */
  readonly procMasked: boolean;
  /** Effective user id of the caller */
  readonly uid: number;
  /** The path of this binary, for an AppArmor profile */
  readonly executable: string;
  /** The payload has kernel ids that are not the caller's */
  readonly isStranger: boolean;
}

const { EACCES, EBUSY, EINVAL, ELOOP, ENOENT, ESTALE } = errnos;

type Step = { readonly syscall: string; readonly sentence: string; readonly phase: string; readonly errno: number };

/** System calls that not every kernel in use has, and the release that brought them. */
const SINCE: Readonly<Record<string, string>> = {
  seccomp: "3.17",
  open_tree: "5.2",
  move_mount: "5.2",
  fsopen: "5.2",
  fsconfig: "5.2",
  fsmount: "5.2",
  clone3: "5.3",
  pidfd_open: "5.3",
  openat2: "5.6",
  close_range: "5.9",
  mount_setattr: "5.12",
};

const sysctl = (setting: string): string => `allow it: sudo sysctl -w ${setting}`;

const OUTER_SECCOMP = "a seccomp filter is active here, likely of an outer container: allow it there";

const appArmor = (facts: HostFacts): string =>
  `AppArmor restricts user namespaces here; allow them for this binary alone, in /etc/apparmor.d/bunker:\n` +
  `  abi <abi/4.0>,\n` +
  `  profile bunker ${facts.executable} flags=(unconfined) { userns, }\n` +
  `then: sudo apparmor_parser -r /etc/apparmor.d/bunker\n` +
  `or for all: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`;

/** Settings that forbid user namespaces altogether, the plainest first. */
const forbidden = (facts: HostFacts): string | undefined => {
  if (facts.maxUserNamespaces === 0) {
    return (
      `user namespaces are turned off here; ${sysctl("user.max_user_namespaces=15000")}\n` +
      "or, inside of a sandbox of Bunker's: start that one with --allow-userns"
    );
  }
  if (facts.uid !== 0 && facts.unprivilegedUsernsClone === 0) {
    return `user namespaces are for root only here; ${sysctl("kernel.unprivileged_userns_clone=1")}`;
  }
  if (facts.uid !== 0 && facts.apparmorRestrictUserns === 1) return appArmor(facts);
  return undefined;
};

const DOCKER_SECCOMP =
  "(bunker: --seccomp none; docker: --security-opt seccomp=unconfined, or a profile that allows clone, unshare, mount and pivot_root)";

const cloneHint = (errno: string, facts: HostFacts): string | undefined => {
  switch (errno) {
    case "ENOSPC":
      return (
        forbidden(facts) ??
        "a limit on namespaces is reached: 32 levels of nesting, or a /proc/sys/user/max_*_namespaces (shared by all of this user's)"
      );
    case "EUSERS":
      return "user namespaces are nested 32 levels deep at most: start this one further out";
    case "EPERM":
    case "EACCES":
      return (
        forbidden(facts) ??
        (facts.seccompMode === 2
          ? `${OUTER_SECCOMP} ${DOCKER_SECCOMP}`
          : "namespaces cannot be made in a chroot, nor by a user or group that has no mapping here")
      );
    case "EAGAIN":
      return "the limit on processes is reached: ulimit -u, or pids.max of the cgroup";
    case "ENOMEM":
      return "the kernel has no memory or no pids left";
    case "EINVAL":
      return "this kernel lacks one of the namespaces: look at /proc/self/ns";
    default:
      return undefined;
  }
};

const mountsProc = ({ syscall, sentence }: Step): boolean =>
  ["fsmount", "mount", "fsconfig"].includes(syscall) && /\bproc(fs)?\b/.test(sentence);

const procHint = (facts: HostFacts): string =>
  facts.procMasked
    ? "parts of /proc are hidden by an outer container, so that the kernel allows no new one.\n" +
      "Show them there (bunker: --proc full; docker --security-opt systempaths=unconfined; kubernetes procMount: Unmasked), or do without an own /proc: --pid host"
    : "the kernel allows a new /proc only where a full one is in view: mount one outside, or use --pid host";

/** Steps on directories of the user's, where the sandbox is nobody special. */
const ownDirectory = (step: Step, facts: HostFacts): string | undefined => {
  if (step.errno !== EACCES || !facts.isStranger) return undefined;
  const who =
    facts.uid === 0 ? "what root starts has an unprivileged id of its own" : "the sandbox has ids that are not yours";
  if (step.syscall === "chdir") return `${who}: chmod o+x that directory, or choose one with -w`;
  return /^mk(dir|nod)\(/.test(step.sentence) ? `${who}: make this directory or file before` : undefined;
};

/** Joining a session keyring (plugins/keyring.ts). */
const keyringHint = (errno: string): string | undefined => {
  const instead = "or go on with the caller's own keys: --keyring host";
  if (errno === "EDQUOT") return `this user has too many keys: /proc/sys/kernel/keys/maxkeys, /proc/keys; ${instead}`;
  if (errno !== "EPERM" && errno !== "EACCES") return undefined;
  return `keyctl(2) is forbidden here, as by Docker's seccomp filter: allow it there (docker --security-opt seccomp=…), ${instead}`;
};

const NESTING = "max_user_namespaces";
const NESTING_HINT =
  "the limit that forbids user namespaces inside cannot be written here: leave it as it is with --allow-userns.\n" +
  "In a sandbox of Bunker's Landlock is in the way: start the outer one with --landlock fs=off";
/** The first mount(2) of a launcher: it owns its mount namespace, so that only a security module can be in the way. */
const changesPropagation = ({ syscall, sentence }: Step): boolean =>
  syscall === "mount" && sentence.includes("MS_PRIVATE");

const LANDLOCKED =
  "a security module forbids mounts here, as Landlock does in a sandbox: start the outer one with --landlock fs=off";
const OVERLAY: Readonly<Record<number, string>> = {
  [EBUSY]: "another sandbox writes to that upper directory: one at a time can",
  [EINVAL]:
    "a layer cannot be one: to NFS, FUSE and other overlays nothing can be written as to an upper directory (dmesg tells)",
  [ESTALE]: "that upper directory was written to over another source: use the same one, or an empty directory",
};

/** Steps on the way to a place inside, and on what is put together there. */
const placeHint = ({ syscall, sentence, errno }: Step, facts: HostFacts): string | undefined => {
  if (sentence.startsWith('fsconfig("overlay"')) return OVERLAY[errno];
  if (syscall === "open_tree" && errno === EINVAL)
    return "something is mounted below it that may not be uncovered here: an overlay shows one file system, without what is mounted below";
  if (syscall !== "openat2") return undefined;
  if (errno === ELOOP)
    return "a symbolic link is in the way there: nothing is mounted through links, name what it points to";
  if (errno === ENOENT) return "it was there when the sandbox was planned: somebody else has moved or removed it";
  return errno === EACCES && facts.uid === 0
    ? "what root starts has an unprivileged id of its own, which may not search that directory"
    : undefined;
};

const denied = (step: Step, facts: HostFacts): string | undefined => {
  const own = ownDirectory(step, facts);
  if (own !== undefined) return own;
  if (step.sentence.includes("uid_map") || step.sentence.includes("gid_map")) {
    return forbidden(facts) ?? "ids can be mapped only by who owns them";
  }
  if (mountsProc(step)) return procHint(facts);
  if (changesPropagation(step)) return forbidden(facts) ?? LANDLOCKED;
  return forbidden(facts) ?? (facts.seccompMode === 2 ? `${OUTER_SECCOMP} ${DOCKER_SECCOMP}` : undefined);
};

const noSuchCall = (step: Step, facts: HostFacts): string => {
  const since = SINCE[step.syscall];
  const kernel = since === undefined ? "" : `${step.syscall} came with Linux ${since}, this is ${facts.kernelRelease}`;
  if (facts.seccompMode === 2) return `${kernel && `${kernel}; `}${OUTER_SECCOMP} ${DOCKER_SECCOMP}`;
  return kernel || `this kernel, ${facts.kernelRelease}, has no ${step.syscall}`;
};

const LIMIT_HINT =
  "a hard limit can only be lowered: name a smaller one, or raise the caller's own (ulimit -H, limits.conf, systemd's Limit…)";
const WITHOUT_FILTER = "to do without a filter: --seccomp none";

/** seccomp(2), "ERRORS". */
const seccompHint = (errno: string, facts: HostFacts): string | undefined => {
  switch (errno) {
    case "EINVAL":
      return `this kernel, ${facts.kernelRelease}, has no seccomp filters (CONFIG_SECCOMP_FILTER), or does not know a flag of the profile; ${WITHOUT_FILTER}`;
    case "EACCES":
      return "a filter takes no_new_privs or CAP_SYS_ADMIN: leave out --allow-new-privileges, or do without a filter: --seccomp none";
    case "ENOMEM":
      return `this filter and those from outside are too long together, or memory ran out; ${WITHOUT_FILTER}`;
    case "ENOSYS":
      return facts.seccompMode === 2
        ? `${OUTER_SECCOMP} ${DOCKER_SECCOMP}`
        : `this kernel, ${facts.kernelRelease}, was built without seccomp; ${WITHOUT_FILTER}`;
    default:
      return undefined;
  }
};

/** What to do about a failed step, as far as the host tells. */
export const hintFor = (step: Step, facts: HostFacts): string | undefined => {
  const errno = errnoName(step.errno);
  if (step.phase === "landlock") return landlockHint(step, facts);
  const ofSeccomp = step.syscall === "seccomp" ? seccompHint(errno, facts) : undefined;
  if (ofSeccomp !== undefined) return ofSeccomp;
  if (errno === "ENOSYS") return noSuchCall(step, facts);
  if (step.sentence.startsWith("setrlimit(")) return LIMIT_HINT;
  if (["clone", "clone3", "unshare"].includes(step.syscall)) return cloneHint(errno, facts);
  if (step.syscall === "keyctl") return keyringHint(errno);
  if (step.sentence.includes(NESTING)) return NESTING_HINT;
  const place = placeHint(step, facts);
  if (place !== undefined) return place;
  if (errno === "EPERM" || errno === "EACCES") return denied(step, facts);
  if (errno === "ENOSPC" && /mount|open_tree/.test(step.syscall)) {
    return "the limit on mounts is reached: /proc/sys/fs/mount-max";
  }
  return undefined;
};
