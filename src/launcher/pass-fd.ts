/**
 * Hands a descriptor to whoever holds the other end of a socket.
 *
 * @see https://man7.org/linux/man-pages/man7/unix.7.html ("SCM_RIGHTS")
 * @see https://man7.org/linux/man-pages/man3/cmsg.3.html
 * @module
 */
import { buffer, compute, constant, slot, store } from "../ir/build.ts";
import { call, described } from "../ir/calls.ts";
import type { Op, Operand } from "../ir/op.ts";

/** The pieces of a message, one behind the other in one buffer. */
export const MESSAGE = {
  sizeBytes: 160,
  /** `struct msghdr { void *name; u32 namelen; struct iovec *iov; size_t iovlen; void *control; size_t controllen; int flags; }`. */
  header: 0,
  /** `struct iovec { void *base; size_t len; }`. */
  vector: 64,
  /** `struct cmsghdr { size_t len; int level; int type; }`, and the descriptor. */
  control: 96,
  controlBytes: 24,
  /** One byte: a message without data carries no descriptors. */
  data: 128,
} as const;

export const SOL_SOCKET = 1;
export const SCM_RIGHTS = 1;
/** A `cmsghdr` and one int, without the padding behind it. */
export const CMSG_LEN = 20;

const message = buffer("message", MESSAGE.sizeBytes);
const address = slot("message part");

const pointTo = (field: number, part: number): readonly Op[] => [
  compute(address, message, "add", part),
  store(message, field, 8, address),
];

/** Fields that are 0 are so from the start. `shown`: whose descriptor it is, for an error. */
export const passDescriptor = (socket: Operand, fd: Operand, shown: string): readonly Op[] => [
  ...pointTo(MESSAGE.header + 16, MESSAGE.vector),
  store(message, MESSAGE.header + 24, 8, 1),
  ...pointTo(MESSAGE.header + 32, MESSAGE.control),
  store(message, MESSAGE.header + 40, 8, MESSAGE.controlBytes),
  ...pointTo(MESSAGE.vector, MESSAGE.data),
  store(message, MESSAGE.vector + 8, 8, 1),
  store(message, MESSAGE.control, 8, CMSG_LEN),
  store(message, MESSAGE.control + 8, 4, SOL_SOCKET),
  store(message, MESSAGE.control + 12, 4, SCM_RIGHTS),
  store(message, MESSAGE.control + 16, 4, fd),
  described(call("sendmsg", [socket, message, constant(0, "0")]), `sendmsg(SCM_RIGHTS, ${JSON.stringify(shown)})`),
];
