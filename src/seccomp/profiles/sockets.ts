/**
 * Sockets by allow-list: families, types and protocols that ordinary programs use.
 *
 * A family is code of the kernel's, and asking for it loads the module that has it. The kernel takes all three arguments as `int`.
 * @module
 */
import { errnos } from "../../linux/errno.ts";
import { AF, IPPROTO, NETLINK_ROUTE, SOCK, SOCK_TYPE_MASK } from "../../linux/socket.ts";
import { ALLOW, errno } from "../action.ts";
import { low, lowMasked } from "../condition.ts";
import type { Condition, Rule } from "../profile.ts";

const [FAMILY, TYPE, PROTOCOL] = [0, 1, 2];

/** As a kernel without the family would say: libaudit, in su and useradd, goes on then, and gives up at EPERM. */
const NO_FAMILY = errno(errnos.EAFNOSUPPORT);
const NO_PROTOCOL = errno(errnos.EPROTONOSUPPORT);

type Family = keyof typeof AF;
type Type = keyof typeof SOCK;
type Protocol = keyof typeof IPPROTO;

const family = (name: Family): Condition => low(FAMILY, "EQ", AF[name], `AF_${name}`);
const notFamily = (name: Family): Condition => low(FAMILY, "NE", AF[name], `AF_${name}`);
const type = (name: Type): Condition => lowMasked(TYPE, SOCK_TYPE_MASK, SOCK[name], `SOCK_${name}`);
const protocol = (name: Protocol): Condition => low(PROTOCOL, "EQ", IPPROTO[name], `IPPROTO_${name}`);

const allow = (...when: readonly Condition[]): Rule => ({ names: ["socket"], action: ALLOW, when });

const INTERNET: readonly Family[] = ["INET", "INET6"];

/** TCP with MPTCP, which Go's servers ask for; UDP; and ICMP as ping does it without privileges. No SCTP, DCCP, L2TP or UDP-Lite. */
const PROTOCOLS: readonly (readonly [Type, readonly Protocol[]])[] = [
  ["STREAM", ["IP", "TCP", "MPTCP"]],
  ["DGRAM", ["IP", "UDP", "ICMP", "ICMPV6"]],
];

const internet: readonly Rule[] = INTERNET.flatMap((name) =>
  PROTOCOLS.flatMap(([kind, protocols]) => protocols.map((one) => allow(family(name), type(kind), protocol(one)))),
);

/** What capabilities(7) has for sockets: without one the kernel refuses these all the same. */
const RAW: readonly Rule[] = [
  allow(family("PACKET")),
  ...INTERNET.flatMap((name) => [allow(family(name), type("RAW")), allow(family(name), type("PACKET"))]),
];
const ANY_NETLINK: readonly Rule[] = [allow(family("NETLINK"))];

export const SOCKETS_WITH: Readonly<Partial<Record<string, readonly Rule[]>>> = {
  NET_RAW: RAW,
  NET_ADMIN: ANY_NETLINK,
};

export const SOCKET_RULES: readonly Rule[] = [
  allow(family("UNIX")),
  ...internet,
  allow(family("NETLINK"), low(PROTOCOL, "EQ", NETLINK_ROUTE, "NETLINK_ROUTE")),
  {
    names: ["socket"],
    action: NO_FAMILY,
    when: [notFamily("INET"), notFamily("INET6"), notFamily("NETLINK")],
    why: "families of the kernel's that no script needs",
  },
  {
    names: ["socket"],
    action: NO_PROTOCOL,
    when: [family("NETLINK")],
    why: "of netlink's protocols only routes and links are for everybody",
  },
];

/** Some families have no pairs, and some that have are loaded by asking. */
export const SOCKETPAIR_RULES: readonly Rule[] = [
  { names: ["socketpair"], action: ALLOW, when: [family("UNIX")] },
  { names: ["socketpair"], action: NO_FAMILY, why: "other families are for networks" },
];

/**
 * No family at all. Of pairs those that lead nowhere else: a pair of datagram sockets could still send to a socket that has a name
 * (unix(7)), connected ones cannot.
 */
export const STRICT_SOCKET_RULES: readonly Rule[] = [
  { names: ["socket"], action: NO_FAMILY, why: "no network, and no socket that has a name" },
  { names: ["socketpair"], action: ALLOW, when: [family("UNIX"), type("STREAM")] },
  { names: ["socketpair"], action: ALLOW, when: [family("UNIX"), type("SEQPACKET")] },
  { names: ["socketpair"], action: NO_FAMILY, why: "only pairs of connected sockets lead nowhere else" },
];
