/**
 * System calls that came after the headers that most machines have, so that tables do not depend on who generates them.
 *
 * Numbers and releases: arch/x86/entry/syscalls/syscall_64.tbl and scripts/syscall.tbl of Linux 7.0. Since 5.1 a new call has the same
 * number everywhere; the two for uprobes are x86-64's own. Where the headers know a call already, gen-syscalls.ts compares.
 * @module
 */
export interface NewerCalls {
  /** The first release that has them. */
  readonly since: string;
  /** Only one architecture's. */
  readonly only?: "x64" | "arm64";
  readonly calls: Readonly<Record<string, number>>;
}

export const NEWER_CALLS: readonly NewerCalls[] = [
  { since: "6.5", calls: { cachestat: 451 } },
  { since: "6.6", calls: { fchmodat2: 452, map_shadow_stack: 453 } },
  { since: "6.7", calls: { futex_wake: 454, futex_wait: 455, futex_requeue: 456 } },
  {
    since: "6.8",
    calls: { statmount: 457, listmount: 458, lsm_get_self_attr: 459, lsm_set_self_attr: 460, lsm_list_modules: 461 },
  },
  { since: "6.10", calls: { mseal: 462 } },
  { since: "6.11", only: "x64", calls: { uretprobe: 335 } },
  { since: "6.13", calls: { setxattrat: 463, getxattrat: 464, listxattrat: 465, removexattrat: 466 } },
  { since: "6.15", calls: { open_tree_attr: 467 } },
  { since: "6.17", calls: { file_getattr: 468, file_setattr: 469 } },
  { since: "6.18", only: "x64", calls: { uprobe: 336 } },
  { since: "6.19", calls: { listns: 470 } },
  { since: "7.0", calls: { rseq_slice_yield: 471 } },
];
