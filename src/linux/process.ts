/**
 * Constants of process control: signals, prctl, clone, wait status.
 *
 * Sources: include/uapi/asm-generic/signal.h, include/uapi/linux/prctl.h, include/uapi/linux/sched.h, wait(2).
 * @module
 */
export const SIGNALS = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
} as const;

/** `_NSIG` on x86-64 and arm64; a kernel signal set is that many bits. */
export const SIGNAL_MAX = 64;
export const SIGNAL_SET_BYTES = 8;
export const SIG_SETMASK = 2;

export const PR_SET_PDEATHSIG = 1;
export const PR_SET_DUMPABLE = 4;
export const PR_CAPBSET_DROP = 24;
export const PR_SET_SECUREBITS = 28;
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_CAP_AMBIENT = 47;
export const PR_CAP_AMBIENT_RAISE = 2;
export const PR_CAP_AMBIENT_CLEAR_ALL = 4;

export const CLONE_VM = 0x100;
export const CLONE_PIDFD = 0x1000;
export const CLONE_VFORK = 0x4000;

export const WNOHANG = 1;
export const WUNTRACED = 2;

export const RLIMIT_NOFILE = 7;

/** Bunker's own exit statuses, as env(1), timeout(1) and Docker have them. */
export const EXIT = { failed: 125, notExecutable: 126, notFound: 127, signalBase: 128 } as const;
