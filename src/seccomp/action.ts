/**
 * What a filter may answer, as data and as the kernel's number.
 * @module
 */
import { errnoName } from "../linux/errno.ts";
import { ERRNO_MAX, SECCOMP_RET, SECCOMP_RET_DATA } from "../linux/seccomp.ts";

export type Action =
  | { readonly kind: "allow" | "log" | "killProcess" | "killThread" | "notify" }
  /** The call is not made and returns this errno; 0 is a call that seems to have worked. */
  | { readonly kind: "errno"; readonly errno: number }
  /** `data` is what a signal handler, or a tracer, is told. */
  | { readonly kind: "trap" | "trace"; readonly data: number };

type Kind = Action["kind"];

const RETURNS: Readonly<Record<Kind, number>> = {
  killProcess: SECCOMP_RET.KILL_PROCESS,
  killThread: SECCOMP_RET.KILL_THREAD,
  trap: SECCOMP_RET.TRAP,
  errno: SECCOMP_RET.ERRNO,
  notify: SECCOMP_RET.USER_NOTIF,
  trace: SECCOMP_RET.TRACE,
  log: SECCOMP_RET.LOG,
  allow: SECCOMP_RET.ALLOW,
};

/** From the strictest to the mildest: the order in which the kernel lets one filter's answer win over another's. */
const STRICTNESS: readonly Kind[] = ["killProcess", "killThread", "trap", "errno", "notify", "trace", "log", "allow"];

/** 0 for the strictest. */
export const mildness = ({ kind }: Action): number => STRICTNESS.indexOf(kind);

export const ALLOW: Action = { kind: "allow" };
export const LOG: Action = { kind: "log" };
export const KILL: Action = { kind: "killProcess" };
export const errno = (number: number): Action => ({ kind: "errno", errno: number });

const dataOf = (action: Action): number => {
  if (action.kind === "errno") return action.errno;
  return "data" in action ? action.data : 0;
};

/** What the program returns to the kernel. */
export const encodeAction = (action: Action): number => (RETURNS[action.kind] | dataOf(action)) >>> 0;

/** What the kernel makes of a returned number (kernel/seccomp.c, `__seccomp_filter`): what it does not know kills. */
export const decodeAction = (value: number): Action => {
  const upper = (value & ~SECCOMP_RET_DATA) >>> 0;
  const data = value & SECCOMP_RET_DATA;
  const kind = STRICTNESS.find((one) => RETURNS[one] === upper) ?? "killProcess";
  if (kind === "errno") return { kind, errno: Math.min(data, ERRNO_MAX) };
  return kind === "trap" || kind === "trace" ? { kind, data } : { kind };
};

const WORDS: Readonly<Record<Kind, string>> = {
  killProcess: "kill process",
  killThread: "kill thread",
  trap: "trap",
  errno: "errno",
  notify: "notify",
  trace: "trace",
  log: "log",
  allow: "allow",
};

/** `allow`, `EPERM`, `kill process`, `trace 7`. */
export const printAction = (action: Action): string => {
  if (action.kind === "errno") return action.errno === 0 ? "errno 0" : errnoName(action.errno);
  const data = dataOf(action);
  return data === 0 ? WORDS[action.kind] : `${WORDS[action.kind]} ${data}`;
};

/** Whether the call is made. */
export const isPermitted = ({ kind }: Action): boolean => kind === "allow" || kind === "log";
