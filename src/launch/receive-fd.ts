/**
 * Takes a descriptor out of a socket, as launcher/pass-fd.ts has put it there.
 * @module
 */
import { ptr } from "bun:ffi";
import { CMSG_LEN, MESSAGE } from "../launcher/pass-fd.ts";
import { errnos } from "../linux/errno.ts";
import { OwnedFd } from "./fd.ts";
import { tryCall } from "./libc.ts";

const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** A message with room for one byte and one descriptor. */
const emptyMessage = (): DataView => {
  const bytes = new Uint8Array(MESSAGE.sizeBytes);
  const [view, start] = [new DataView(bytes.buffer), BigInt(ptr(bytes))];
  const at = (part: number): bigint => start + BigInt(part);
  view.setBigUint64(MESSAGE.header + 16, at(MESSAGE.vector), true);
  view.setBigUint64(MESSAGE.header + 24, 1n, true);
  view.setBigUint64(MESSAGE.header + 32, at(MESSAGE.control), true);
  view.setBigUint64(MESSAGE.header + 40, BigInt(MESSAGE.controlBytes), true);
  view.setBigUint64(MESSAGE.vector, at(MESSAGE.data), true);
  view.setBigUint64(MESSAGE.vector + 8, 1n, true);
  return view;
};

/** Undefined at the end of the socket, or where nothing has come; `wait` waits for one of the two. */
export const receiveDescriptor = (socket: OwnedFd, { wait }: { readonly wait: boolean }): OwnedFd | undefined => {
  const message = emptyMessage();
  const flags = MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT);
  for (;;) {
    const count = tryCall("recvmsg", socket.number, ptr(message), flags);
    if (count === -errnos.EINTR) continue;
    if (count <= 0 || message.getBigUint64(MESSAGE.control, true) !== BigInt(CMSG_LEN)) return undefined;
    return new OwnedFd(message.getInt32(MESSAGE.control + 16, true));
  }
};
