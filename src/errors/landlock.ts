/**
 * Why Landlock did not do what was asked of it, and what to do.
 *
 * Sources: the man pages landlock_create_ruleset(2), landlock_add_rule(2) and landlock_restrict_self(2), "ERRORS".
 * @module
 */
import { errnoName, errnos } from "../linux/errno.ts";

export interface LandlockFacts {
  /** The version of the ABI; a negative errno where the kernel has none. */
  readonly landlockAbi: number;
  /** uname -r */
  readonly kernelRelease: string;
}

interface Step {
  readonly syscall: string;
  readonly sentence: string;
  readonly errno: number;
}

const { ENOSYS, EOPNOTSUPP } = errnos;

const kernelHas = ({ landlockAbi: abi, kernelRelease }: LandlockFacts): string => {
  if (abi > 0) return `this kernel, ${kernelRelease}, has ABI ${abi}`;
  if (abi === -ENOSYS) return `Landlock is not built into this kernel, ${kernelRelease} (CONFIG_SECURITY_LANDLOCK)`;
  if (abi === -EOPNOTSUPP)
    return "Landlock is built into this kernel, and not enabled: put landlock into lsm= of its command line, or into CONFIG_LSM";
  return `Landlock answers ${errnoName(-abi)} here, likely because of a seccomp filter of an outer container: allow it there`;
};

/** `landlock: fs is required, but needs ABI 5, of Linux 6.10`: the word after the name is what it is about. */
const without = (sentence: string): string => {
  const [, what = "all"] = /^landlock: (\w+)/.exec(sentence) ?? [];
  return what === "log" ? "leave --landlock-log out" : `to go on with what there is: --landlock ${what}=best-effort`;
};

const FIRST_LAYER = "the mounts hold without it: --landlock off";

/** Undefined where nothing is known. */
export const landlockHint = (step: Step, facts: LandlockFacts): string | undefined => {
  const errno = errnoName(step.errno);
  if (step.syscall === "") return `${kernelHas(facts)};\n${without(step.sentence)}`;
  if (step.syscall === "landlock_restrict_self" && errno === "E2BIG")
    return `this process is in 16 Landlock domains already, and more cannot be stacked: start it further out, or ${FIRST_LAYER}`;
  if (step.syscall === "landlock_restrict_self" && errno === "EPERM")
    return "it takes no_new_privs, or CAP_SYS_ADMIN in the user namespace";
  if (step.syscall === "landlock_add_rule" && errno === "EAFNOSUPPORT")
    return "this kernel has no TCP/IP: leave --tcp-connect and --tcp-bind out";
  if (step.syscall === "openat2" && errno === "ENOENT")
    return "a mount point was removed while the sandbox was made: its directory is writable by somebody else";
  if (step.syscall === "seccomp" && errno === "EINVAL")
    return "rules for TCP ports need a seccomp filter beside them, and this kernel takes none (CONFIG_SECCOMP_FILTER)";
  if (["EINVAL", "ENOMSG", "E2BIG", "EBADFD"].includes(errno))
    return `${kernelHas(facts)}, and refuses what belongs to it: that is a mistake of Bunker's or the kernel's; ${FIRST_LAYER}`;
  return undefined;
};
