/**
 * The profile `default`: what untrusted scripts, compilers and servers need, and nothing that only administers a machine.
 * docs/seccomp.md argues what is left out.
 * @module
 */
import type { CapabilityName } from "../../linux/capability.ts";
import { errnos } from "../../linux/errno.ts";
import { IOCTL } from "../../linux/ioctl.ts";
import { NAMESPACES } from "../../linux/namespace.ts";
import { PERSONALITY, SCHED, SCHED_RESET_ON_FORK } from "../../linux/sched.ts";
import { ALLOW, errno } from "../action.ts";
import { low, lowMasked } from "../condition.ts";
import type { Profile, Rule } from "../profile.ts";
import * as allowed from "./allowed.ts";
import { REFUSED } from "./refused.ts";
import { SOCKET_RULES, SOCKETPAIR_RULES } from "./sockets.ts";
import { widenedBy } from "./widened.ts";

/** All that clone(2) can ask for: the time namespace has no bit there. The kernel takes the low 32 bits of the flags. */
const NEW_NAMESPACES = Object.values(NAMESPACES)
  .filter(({ constant }) => constant !== NAMESPACES.time.constant)
  .reduce((bits, { flag }) => (bits | flag) >>> 0, 0);

export const CLONE_RULES: readonly Rule[] = [
  { names: ["clone"], action: ALLOW, when: [lowMasked(0, NEW_NAMESPACES, 0)] },
  {
    names: ["clone"],
    action: errno(errnos.EPERM),
    why: "a namespace of its own would give capabilities over much of the kernel",
  },
];

/** Another personality would take away address randomisation, or make what is mapped executable. */
export const PERSONALITY_RULES: readonly Rule[] = [
  { names: ["personality"], action: ALLOW, when: [low(0, "EQ", PERSONALITY.PER_LINUX, "PER_LINUX")] },
  { names: ["personality"], action: ALLOW, when: [low(0, "EQ", PERSONALITY.QUERY)] },
  {
    names: ["personality"],
    action: errno(errnos.EPERM),
    why: "another personality would take away address randomisation",
  },
];

const isPolicy = (name: keyof typeof SCHED): Rule => ({
  names: ["sched_setscheduler"],
  action: ALLOW,
  when: [lowMasked(1, ~SCHED_RESET_ON_FORK >>> 0, SCHED[name], `SCHED_${name}`)],
});

const SCHEDULER_RULES: readonly Rule[] = [
  isPolicy("OTHER"),
  isPolicy("BATCH"),
  isPolicy("IDLE"),
  {
    names: ["sched_setscheduler"],
    action: errno(errnos.EPERM),
    why: "a real-time policy can stop everything else on a processor",
  },
];

/** What types into a terminal, what reaches the console's own functions, and what loads line disciplines. */
const TERMINAL_REQUESTS = ["TIOCSTI", "TIOCLINUX", "TIOCSETD"] as const;

const IOCTL_RULES: readonly Rule[] = [
  {
    names: ["ioctl"],
    action: ALLOW,
    when: TERMINAL_REQUESTS.map((name) => low(1, "NE", IOCTL[name], name)),
  },
  {
    names: ["ioctl"],
    action: errno(errnos.EPERM),
    why: "it could type into the terminal that the sandbox was started on",
  },
];

const ALLOWED: readonly Rule[] = Object.values(allowed).map((names) => ({ names, action: ALLOW }));

/** Capabilities that the payload has open up what they are for, as with Docker. */
export const defaultProfile = (capabilities: readonly CapabilityName[] = []): Profile => ({
  name: "default",
  rules: [
    ...widenedBy(capabilities),
    ...ALLOWED,
    ...CLONE_RULES,
    ...SOCKET_RULES,
    ...SOCKETPAIR_RULES,
    ...IOCTL_RULES,
    ...PERSONALITY_RULES,
    ...SCHEDULER_RULES,
    ...REFUSED,
  ],
  otherwise: errno(errnos.EPERM),
  unknown: errno(errnos.ENOSYS),
  known: "tables",
  flags: [],
  hasListener: false,
  remarks: [],
});
