/**
 * What was written to overlays, as the launcher hands it over: the upper directory of each, by descriptor.
 *
 * Most are in memory, in a mount that has no name anywhere. A descriptor on its way in a socket keeps it until somebody takes it out or
 * the socket is gone, so that a supervisor that is killed leaves nothing, and one that is not may look when the sandbox has ended.
 * @module
 */
import type { Overlaid } from "./changes.ts";
import { type OwnedFd, openPlace } from "./fd.ts";
import { receiveDescriptor } from "./receive-fd.ts";

/** All that have arrived, in the order of the overlays. */
const receiveAll = (socket: OwnedFd): readonly OwnedFd[] => {
  const all: OwnedFd[] = [];
  const next = (): OwnedFd | undefined => receiveDescriptor(socket, { wait: false });
  for (let fd = next(); fd !== undefined; fd = next()) all.push(fd);
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
