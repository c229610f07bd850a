/**
 * Socket families, types and protocols that a seccomp profile names.
 *
 * Source: include/linux/socket.h, include/linux/net.h, include/uapi/linux/in.h, include/uapi/linux/netlink.h, socket(2).
 * @module
 */
export const AF = {
  UNIX: 1,
  INET: 2,
  INET6: 10,
  NETLINK: 16,
  PACKET: 17,
  ALG: 38,
  VSOCK: 40,
} as const;

/** SOCK_NONBLOCK and SOCK_CLOEXEC stand above these bits. */
export const SOCK_TYPE_MASK = 0xf;
/** `PACKET` is an old spelling of the family AF_PACKET: the kernel takes `socket(AF_INET, SOCK_PACKET)` for that family. */
export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, SEQPACKET: 5, PACKET: 10 } as const;

export const IPPROTO = { IP: 0, ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58, MPTCP: 262 } as const;
export const NETLINK_ROUTE = 0;
