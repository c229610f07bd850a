/**
 * What was written to overlays, as the launcher hands it over: the upper directory of each, by descriptor.
 *
 * Most are in memory, in a mount that has no name anywhere. A descriptor on its way in a socket keeps it until somebody takes it out or
 * the socket is gone, so that a supervisor that is killed leaves nothing, and one that is not may look when the sandbox has ended.
 * @module
 */
import { ptr } from "bun:ffi";
import { CMSG_LEN, MESSAGE } from "../launcher/pass-fd.ts";
import type { Overlaid } from "./changes.ts";
import { OwnedFd, openPlace } from "./fd.ts";
import { mustCall, tryCall } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_SEQPACKET_CLOEXEC = 0o2000005;
const MSG_DONTWAIT_CMSG_CLOEXEC = 0x4000_0040;

export const openSocketPair = (): { readonly here: OwnedFd; readonly there: OwnedFd } => {
  const ends = new Int32Array(2);
  mustCall("socketpair()", "socketpair", AF_UNIX, SOCK_SEQPACKET_CLOEXEC, 0, ptr(ends));
  return { here: new OwnedFd(ends[0] as number), there: new OwnedFd(ends[1] as number) };
};

/** A message as launcher/pass-fd.ts has it, with room for one descriptor. */
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

const receive = (socket: OwnedFd): OwnedFd | undefined => {
  const message = emptyMessage();
  const count = tryCall("recvmsg", socket.number, ptr(message), MSG_DONTWAIT_CMSG_CLOEXEC);
  if (count <= 0 || message.getBigUint64(MESSAGE.control, true) !== BigInt(CMSG_LEN)) return undefined;
  return new OwnedFd(message.getInt32(MESSAGE.control + 16, true));
};

/** All that have arrived, in the order of the overlays. */
const receiveAll = (socket: OwnedFd): readonly OwnedFd[] => {
  const all: OwnedFd[] = [];
  for (let fd = receive(socket); fd !== undefined; fd = receive(socket)) all.push(fd);
  return all;
};

export interface Watch extends Disposable {
  /** Every overlay with both of its sides, when the sandbox is gone: what is in memory is held here alone. */
  receive(socket: OwnedFd): readonly Overlaid[];
}

/** Opens what is below each overlay, as it is before the sandbox is there. @throws CallError */
export const watchOverlays = (overlays: readonly { readonly target: string; readonly source: string }[]): Watch => {
  using opening = new DisposableStack();
  const below = overlays.map(({ source }) => opening.use(openPlace(source)));
  const held = opening.move();
  return {
    receive: (socket) =>
      receiveAll(socket).flatMap((fd, index) => {
        const [upper, overlay, lower] = [held.use(fd), overlays[index], below[index]];
        return overlay && lower ? [{ target: overlay.target, lower, upper }] : [];
      }),
    [Symbol.dispose]: () => held.dispose(),
  };
};
