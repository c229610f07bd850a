/**
 * Calls that no script needs, and why each is left out. docs/seccomp.md argues them at length.
 *
 * The rules do what the profile would do without them: they are here to say why, and so that a call that nobody has thought of is found
 * out by a test.
 * @module
 */
import { errnos } from "../../linux/errno.ts";
import { type Action, errno } from "../action.ts";
import type { Rule } from "../profile.ts";

const EPERM = errno(errnos.EPERM);
/** Where programs try a call out and do without it: what a kernel that lacks it would say. */
const ENOSYS = errno(errnos.ENOSYS);

const refused = (why: string, names: string, action: Action = EPERM): Rule => ({
  names: names.split(" "),
  action,
  why,
});

export const REFUSED: readonly Rule[] = [
  refused(
    "the flags of new namespaces stand behind a pointer, where a filter cannot look; libcs fall back to clone",
    "clone3",
    ENOSYS,
  ),
  refused("a namespace of its own would give capabilities over much of the kernel", "unshare setns"),
  refused(
    "mounts are made before the program starts, and never by it",
    "mount umount2 pivot_root chroot open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick mount_setattr",
  ),
  refused("they list mounts and namespaces, with paths of the host", "statmount listmount listns", ENOSYS),
  refused("keyrings are the kernel's, not the sandbox's", "add_key request_key keyctl"),
  refused(
    "its operations are made without asking any filter",
    "io_uring_setup io_uring_enter io_uring_register",
    ENOSYS,
  ),
  refused("code in the kernel", "bpf init_module finit_module delete_module kexec_load kexec_file_load"),
  refused("it looks at the whole machine", "perf_event_open syslog"),
  refused("page faults that a program answers make races in the kernel easy to win", "userfaultfd"),
  refused(
    "other processes and their memory are their own",
    "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp process_madvise process_mrelease",
  ),
  refused("memory that the kernel itself cannot see", "memfd_secret", ENOSYS),
  refused("pages of a program's memory go into pipes without being copied", "vmsplice"),
  refused("files are reached by handle, past every path and mount", "name_to_handle_at open_by_handle_at"),
  refused("it watches, and may hold up, what others do with files", "fanotify_init fanotify_mark"),
  refused(
    "where memory lies is the host's business",
    "mbind set_mempolicy get_mempolicy set_mempolicy_home_node migrate_pages move_pages",
  ),
  refused("a real-time policy can stop everything else on a processor", "sched_setattr"),
  refused("the clock is the host's", "settimeofday clock_settime adjtimex clock_adjtime"),
  refused(
    "it configures the machine",
    "acct swapon swapoff reboot quotactl quotactl_fd sethostname setdomainname vhangup iopl ioperm",
  ),
  refused("security modules are the host's", "lsm_get_self_attr lsm_set_self_attr lsm_list_modules", ENOSYS),
  refused("segments for 16-bit programs, with a history of holes", "modify_ldt"),
  refused(
    "obsolete: nothing of today uses it",
    "uselib ustat sysfs _sysctl remap_file_pages lookup_dcookie nfsservctl create_module get_kernel_syms query_module getpmsg putpmsg afs_syscall tuxcall security vserver epoll_ctl_old epoll_wait_old set_thread_area get_thread_area",
  ),
];
