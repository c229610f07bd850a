/**
 * Errors of giving ids to a sandbox: from the pool of ranges, or through newuidmap(1) and newgidmap(1).
 * @module
 */
import { BunkerError } from "../errors.ts";
import { printable, quoted } from "./text.ts";

/** Every range of the pool is taken, known to the host's accounts, or not mapped here. */
export const noRangeLeft = (ranges: number): BunkerError =>
  new BunkerError({
    code: "E_ID_RANGE",
    message: `none of the ${ranges} ranges of ids for sandboxes is free`,
    hint: "other sandboxes and containers, /etc/subuid, /etc/subgid and accounts have them; name ids with --uidmap IN:OUT:COUNT",
    details: { ranges },
  });

/** `path`: of the file that holds the locks, or its directory. */
export const rangesNotLockable = (path: string, reason: string): BunkerError =>
  new BunkerError({
    code: "E_ID_RANGE_LOCK",
    message: `a range of ids cannot be locked: ${quoted(path)} ${printable(reason)}`,
    hint: "without a lock two sandboxes could have the same ids: --userns auto needs that place",
    details: { path, reason },
  });

export const helperNotPrivileged = (helper: string): BunkerError =>
  new BunkerError({
    code: "E_ID_HELPER",
    message: `${quoted(helper)} has no right to map ids: it is not setuid root, and has no file capability`,
    hint: `reinstall the package uidmap, or: sudo chmod u+s ${printable(helper)}`,
    details: { helper },
  });

export interface HelperFailure {
  readonly helper: string;
  /** What it printed, or how it ended where it said nothing. */
  readonly words: string;
  /** The caller has no_new_privs set, which makes a setuid bit mean nothing. */
  readonly noNewPrivs: boolean;
}

const helperHint = ({ words, noNewPrivs }: HelperFailure): string | undefined => {
  if (noNewPrivs)
    return "no_new_privs is set for this process, so that no setuid program has an effect: an outer sandbox, or a service with NoNewPrivileges=";
  if (/not allowed/.test(words)) return "/etc/subuid and /etc/subgid say which ids may be mapped by whom";
  if (/owned by a different user|user name/.test(words))
    return "the caller needs an account, and must run with that account's own group: newuidmap(1)";
  if (/Operation not permitted/.test(words))
    return "it runs without its rights: a file system mounted nosuid, or an outer container without CAP_SETUID";
  return undefined;
};

/** The helper's own words, since only it knows. */
export const helperFailed = (failure: HelperFailure): BunkerError =>
  new BunkerError({
    code: "E_ID_HELPER",
    message: `${quoted(failure.helper)}: ${printable(failure.words)}`,
    hint: helperHint(failure),
    details: { ...failure },
  });
