/**
 * The profile `strict`: computing on files that are there. No sockets but connected pairs, no setuid bits, no System V IPC, no change of ids,
 * and of ioctl(2) only what terminals and descriptors need. Capabilities do not widen it.
 * @module
 */
import { errnos } from "../../linux/errno.ts";
import { O_CREAT, O_TMPFILE_BIT, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK, S_ISGID, S_ISUID } from "../../linux/file.ts";
import { IOCTL } from "../../linux/ioctl.ts";
import { type Action, ALLOW, errno } from "../action.ts";
import { low, lowMasked } from "../condition.ts";
import type { Condition, Profile, Rule } from "../profile.ts";
import * as allowed from "./allowed.ts";
import { CLONE_RULES, PERSONALITY_RULES } from "./default.ts";
import { REFUSED } from "./refused.ts";
import { STRICT_SOCKET_RULES } from "./sockets.ts";

const EPERM = errno(errnos.EPERM);

const { IDENTITY_CHANGES, SOCKET_ADDRESSES, IPC, ASYNCHRONOUS_IO, SPLICING, SYNCHRONISATION, ...KEPT } = allowed;

const refused = (why: string, names: readonly string[], action: Action = EPERM): Rule => ({ names, action, why });

const FURTHER: readonly Rule[] = [
  refused("ids stay what they are", IDENTITY_CHANGES),
  refused("a socket with an address leads out of the sandbox", SOCKET_ADDRESSES),
  refused("nobody is there to share memory with", IPC),
  refused("an interface with a history of holes, and few users", ASYNCHRONOUS_IO),
  refused("what page cache bugs are reached by; programs copy instead", SPLICING),
  refused("it would hold up the whole host", SYNCHRONISATION),
  refused("how a processor is shared is not the program's to say", [
    "sched_setscheduler",
    "sched_setparam",
    "ioprio_set",
  ]),
  refused("it tells what others have read", ["cachestat"]),
  refused("its mode stands behind a pointer; programs fall back to openat", ["openat2"], errno(errnos.ENOSYS)),
];

const SETUID_BITS = S_ISUID | S_ISGID;
const noSetuid = (argument: number): Condition => lowMasked(argument, SETUID_BITS, 0);

/** A file that is not made has no mode: what stands in that argument then is anything. */
const createsNothing = (flags: number): Condition => lowMasked(flags, O_CREAT | O_TMPFILE_BIT, 0);

const allow = (names: readonly string[], ...when: readonly Condition[]): Rule => ({ names, action: ALLOW, when });

/** A setuid file that is left on a volume is one of the host's. */
const MODE_RULES: readonly Rule[] = [
  allow(["chmod", "fchmod", "creat"], noSetuid(1)),
  allow(["fchmodat", "fchmodat2"], noSetuid(2)),
  allow(["open"], createsNothing(1)),
  allow(["open"], noSetuid(2)),
  allow(["openat"], createsNothing(2)),
  allow(["openat"], noSetuid(3)),
  refused("setuid and setgid bits would stay behind on volumes", [
    "chmod",
    "fchmod",
    "creat",
    "fchmodat",
    "fchmodat2",
    "open",
    "openat",
  ]),
];

const FILE_TYPES = { regular: 0, S_IFREG, S_IFIFO, S_IFSOCK };

/** Files, pipes and sockets, without setuid bits; no devices. */
const NODE_RULES: readonly Rule[] = [
  ...Object.entries(FILE_TYPES).flatMap(([name, type]) => [
    allow(["mknod"], lowMasked(1, S_IFMT | SETUID_BITS, type, name)),
    allow(["mknodat"], lowMasked(2, S_IFMT | SETUID_BITS, type, name)),
  ]),
  refused("devices are the host's", ["mknod", "mknodat"]),
];

/** What a kernel says to a request that it does not know: programs do without it then. */
const NO_REQUEST = errno(errnos.ENOTTY);

const { TIOCSTI: _sti, TIOCLINUX: _linux, TIOCSETD: _setd, ...REQUESTS } = IOCTL;

const IOCTL_RULES: readonly Rule[] = [
  ...Object.entries(REQUESTS).map(([name, request]) => allow(["ioctl"], low(1, "EQ", request, name))),
  refused("of ioctl only terminals and descriptors", ["ioctl"], NO_REQUEST),
];

const conditional = [...FURTHER, ...MODE_RULES, ...NODE_RULES, ...IOCTL_RULES].flatMap(({ names }) => names);

const ALLOWED: readonly Rule[] = Object.values(KEPT).map((names) => ({
  names: names.filter((name) => !conditional.includes(name)),
  action: ALLOW,
}));

export const strictProfile = (): Profile => ({
  name: "strict",
  rules: [
    ...ALLOWED,
    ...CLONE_RULES,
    ...STRICT_SOCKET_RULES,
    ...MODE_RULES,
    ...NODE_RULES,
    ...IOCTL_RULES,
    ...PERSONALITY_RULES,
    ...FURTHER,
    ...REFUSED,
  ],
  otherwise: EPERM,
  unknown: errno(errnos.ENOSYS),
  known: "tables",
  flags: [],
  hasListener: false,
  remarks: [],
});
