/**
 * What a capability of the payload opens up: the calls that it is for, which fail without it in the kernel too (capabilities(7)).
 * @module
 */
import { CAPABILITIES, type CapabilityName } from "../../linux/capability.ts";
import { ALLOW } from "../action.ts";
import type { Rule } from "../profile.ts";
import { SOCKETS_WITH } from "./sockets.ts";

const CALLS: Readonly<Partial<Record<CapabilityName, string>>> = {
  SYS_ADMIN:
    "clone clone3 unshare setns mount umount2 pivot_root open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr statmount listmount listns fanotify_init fanotify_mark bpf perf_event_open syslog quotactl quotactl_fd sethostname setdomainname lsm_get_self_attr lsm_set_self_attr lsm_list_modules",
  SYS_CHROOT: "chroot",
  SYS_PTRACE: "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp process_madvise process_mrelease",
  SYS_NICE:
    "sched_setscheduler sched_setattr mbind set_mempolicy get_mempolicy set_mempolicy_home_node migrate_pages move_pages",
  SYS_TIME: "settimeofday clock_settime adjtimex clock_adjtime",
  SYS_MODULE: "init_module finit_module delete_module",
  SYS_BOOT: "reboot",
  SYS_PACCT: "acct",
  SYS_RAWIO: "iopl ioperm",
  SYS_TTY_CONFIG: "vhangup",
  SYSLOG: "syslog",
  BPF: "bpf",
  PERFMON: "perf_event_open",
  DAC_READ_SEARCH: "name_to_handle_at open_by_handle_at",
};

const widened = (capability: CapabilityName): readonly Rule[] => {
  const names = CALLS[capability]?.split(" ");
  const calls = names === undefined ? [] : [{ names, action: ALLOW, why: `the payload has CAP_${capability}` }];
  return [...calls, ...(SOCKETS_WITH[capability] ?? [])];
};

/** In the order of the capabilities' numbers, whatever order they are given in. */
export const widenedBy = (capabilities: readonly CapabilityName[]): readonly Rule[] =>
  CAPABILITIES.filter((name) => capabilities.includes(name)).flatMap(widened);
