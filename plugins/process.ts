/**
 * What the payload inherits and would else come from the caller: its umask, no core dumps, no precedence over others' processes, and
 * a place among the first to go when memory runs out.
 *
 * RLIMIT_CORE is 1, not 0: with 0 the kernel still starts a core_pattern helper (core(5)), on the host and as root there.
 *
 * What a caller has given up stays given up (a positive nice value, SCHED_IDLE, an idle I/O class); what it has above the usual is not
 * handed on. The personality is the usual one: some of its bits switch protections off (ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC).
 *
 * @see https://man7.org/linux/man-pages/man2/umask.2.html
 * @see https://man7.org/linux/man-pages/man2/getrlimit.2.html
 * @see https://man7.org/linux/man-pages/man7/sched.7.html
 * @see https://man7.org/linux/man-pages/man2/personality.2.html
 * @see https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html
 * @module
 */
import {
  branch,
  bytes,
  call,
  compute,
  constant,
  definePlugin,
  ignoring,
  inside,
  label,
  type Op,
  oomScore,
  slot,
} from "../src/api.ts";

const UMASK = constant(0o022, "022");
const RLIMIT_CORE = constant(4, "RLIMIT_CORE");
const CORE_BYTES_MAX = 1n;

/** `struct rlimit64 { u64 soft, hard }`. */
const coreLimit = new Uint8Array(new BigUint64Array([CORE_BYTES_MAX, CORE_BYTES_MAX]).buffer);

/** Above what a desktop gives its own programs, so that those stay (systemd's user services have 100 to 200). */
const OOM_SCORE = 300;

const PRIO_PROCESS = constant(0, "PRIO_PROCESS");
/** The system call getpriority(2) gives 20 minus the nice value, which is never negative. */
const NICE_0 = 20;

const resetNice = (): readonly Op[] => [
  call("getpriority", [PRIO_PROCESS, 0], slot("nice")),
  branch(slot("nice"), "lessOrEqual", NICE_0, "nice is not negative"),
  call("setpriority", [PRIO_PROCESS, 0, 0]),
  label("nice is not negative"),
];

/** EPERM: SCHED_IDLE, which takes a right to leave. It is less than what is asked for. */
const resetPolicy = (): Op =>
  ignoring(
    call("sched_setscheduler", [0, constant(0, "SCHED_OTHER"), bytes(new Uint8Array(4), "{sched_priority=0}")]),
    "EPERM",
  );

const IOPRIO_WHO_PROCESS = constant(1, "IOPRIO_WHO_PROCESS");
const IOPRIO_CLASS_SHIFT = 13;
const IOPRIO_CLASS_RT = 1;

/** ENOSYS: a kernel without block devices. */
const resetIoPriority = (): readonly Op[] => [
  ignoring(call("ioprio_get", [IOPRIO_WHO_PROCESS, 0], slot("ioprio")), "ENOSYS"),
  compute(slot("ioprio class"), slot("ioprio"), "shiftRight", IOPRIO_CLASS_SHIFT),
  branch(slot("ioprio class"), "notEqual", IOPRIO_CLASS_RT, "I/O is not real-time"),
  call("ioprio_set", [IOPRIO_WHO_PROCESS, 0, 0]),
  label("I/O is not real-time"),
];

export default definePlugin({
  name: "process",
  summary: "Umask 022, no core dumps, no precedence, first to go when memory runs out",

  *plan() {
    yield oomScore(OOM_SCORE);
    // EPERM: the caller's own hard limit is lower still, and stays.
    yield inside("limits", ignoring(call("prlimit64", [0, RLIMIT_CORE, bytes(coreLimit, "{1, 1}"), 0]), "EPERM"));
    yield inside("limits", ...resetNice(), resetPolicy(), ...resetIoPriority());
    yield inside("session", call("umask", [UMASK]), call("personality", [constant(0, "PER_LINUX")]));
  },
});
