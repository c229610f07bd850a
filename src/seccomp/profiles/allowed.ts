/**
 * Calls that any program may make, whatever their arguments are: on files, memory, time, processes and descriptors of its own.
 *
 * Permissions of files, ids and namespaces still count. What has conditions is in default.ts, what is left out in refused.ts.
 * @module
 */
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const FILES = words(`
  read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 lseek close close_range
  open openat openat2 creat access faccessat faccessat2 stat lstat fstat newfstatat statx statfs fstatfs
  getcwd chdir fchdir getdents getdents64 readlink readlinkat
  mkdir mkdirat rmdir mknod mknodat link linkat symlink symlinkat unlink unlinkat rename renameat renameat2
  chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat umask utime utimes futimesat utimensat
  truncate ftruncate fallocate fadvise64 readahead copy_file_range sendfile
  flock fcntl fsync fdatasync sync_file_range cachestat
  getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat
  listxattr llistxattr flistxattr listxattrat removexattr lremovexattr fremovexattr removexattrat
  file_getattr file_setattr
  inotify_init inotify_init1 inotify_add_watch inotify_rm_watch`);

export const DESCRIPTORS = words(`
  dup dup2 dup3 pipe pipe2 poll ppoll select pselect6
  epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
  eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime memfd_create`);

export const MEMORY = words(`
  brk mmap munmap mremap mprotect madvise msync mincore mlock mlock2 munlock mlockall munlockall mseal
  pkey_mprotect pkey_alloc pkey_free map_shadow_stack membarrier`);

export const PROCESSES = words(`
  execve execveat fork vfork exit exit_group wait4 waitid
  getpid getppid gettid getpgid getpgrp setpgid getsid setsid set_tid_address
  kill tkill tgkill pidfd_open pidfd_send_signal
  rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigsuspend rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn
  sigaltstack pause restart_syscall
  futex futex_wait futex_wake futex_waitv futex_requeue set_robust_list get_robust_list rseq rseq_slice_yield
  sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_setparam sched_getscheduler sched_getattr
  sched_get_priority_max sched_get_priority_min sched_rr_get_interval
  getpriority setpriority ioprio_get ioprio_set
  getrlimit setrlimit prlimit64 getrusage times prctl arch_prctl
  uretprobe uprobe`);

export const TIME = words(`
  time gettimeofday clock_gettime clock_getres nanosleep clock_nanosleep
  alarm getitimer setitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete`);

export const SYSTEM = words("uname sysinfo getcpu getrandom");

/** What these may change is decided by capabilities, of which there are none. */
export const IDENTITY = words(`
  getuid geteuid getresuid getgid getegid getresgid getgroups capget capset`);
export const IDENTITY_CHANGES = words(`
  setuid setreuid setresuid setfsuid setgid setregid setresgid setfsgid setgroups`);

/** On sockets that are there: making one has conditions. */
export const SOCKETS = words(`
  sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg shutdown getsockname getpeername getsockopt setsockopt`);
export const SOCKET_ADDRESSES = words("bind listen accept accept4 connect");

/** In an IPC namespace of the sandbox's own. */
export const IPC = words(`
  shmget shmat shmctl shmdt semget semop semtimedop semctl msgget msgsnd msgrcv msgctl
  mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr`);

export const ASYNCHRONOUS_IO = words(`
  io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents`);

/** Pages move without being copied: what page cache bugs are reached by, and what cat(1) and HTTP servers use. */
export const SPLICING = words("splice tee");

/** Writes out what the whole host has in memory. */
export const SYNCHRONISATION = words("sync syncfs");

/** A program may confine itself further. */
export const CONFINEMENT = words(`
  seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self`);
