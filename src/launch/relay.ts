/**
 * The process that relays standard streams for a supervisor that stays (launcher/relay-program.ts).
 * @module
 */
import { ptr } from "bun:ffi";
import { RELAY_FDS } from "../launcher/relay.ts";
import { CONTROL_FD } from "../launcher/relay-program.ts";
import { cloneInto } from "./clone.ts";
import { type OwnedFd, openPair } from "./fd.ts";
import type { Launched } from "./launch.ts";
import { arch, tryCall } from "./libc.ts";
import { executableOf } from "./memfd.ts";
import { PREBUILT } from "./prebuilt.ts";
import { waitForEnd } from "./wait.ts";

export class Relay {
  #pid: number;
  readonly #control: OwnedFd;

  constructor(pid: number, control: OwnedFd) {
    this.#pid = pid;
    this.#control = control;
  }

  /** Puts the terminal's settings back, because this job is about to stop. It goes on by itself when the job does. */
  pause(): void {
    const byte = new Uint8Array(1);
    tryCall("write", this.#control.number, ptr(byte), 1);
    tryCall("read", this.#control.number, ptr(byte), 1);
  }

  /** Writes what the payload has left, puts the terminal's settings back and ends. Once. */
  end(): void {
    this.#control[Symbol.dispose]();
    if (this.#pid > 0) waitForEnd(this.#pid);
    this.#pid = 0;
  }
}

/** Undefined where there is nothing to relay. @throws CallError */
export const startRelay = (launched: Launched): Relay | undefined => {
  const ends = launched.giveRelayEnds();
  if (ends.length === 0) return undefined;
  using scope = new DisposableStack();
  const raise = (fd: OwnedFd): OwnedFd => scope.use(fd).raise(RELAY_FDS.above);
  const { one, other } = openPair();
  const moves = [{ fd: other, to: CONTROL_FD }, ...ends].map(({ fd, to }) => ({ from: raise(fd).number, to }));
  const image = raise(executableOf(PREBUILT[arch].relay()));
  const { pid, pidfd } = cloneInto({ namespaces: 0, image, moves, ambient: false });
  pidfd[Symbol.dispose]();
  return new Relay(pid, one);
};
