/**
 * File descriptors with an owner.
 * @module
 */

import { ptr } from "bun:ffi";
import { AT_FDCWD, O_CLOEXEC, O_PATH, O_WRONLY } from "../linux/file.ts";
import { mustCall, tryCall } from "./libc.ts";

const F_SETFD = 2;
const F_DUPFD_CLOEXEC = 1030;

/** Closed when it goes out of scope, unless it was given away. Close-on-exec always. */
export class OwnedFd implements Disposable {
  #number: number;

  constructor(number: number) {
    this.#number = number;
  }

  get number(): number {
    return this.#number;
  }

  /** Hands the descriptor over: the new owner closes it. */
  release(): number {
    const number = this.#number;
    this.#number = -1;
    return number;
  }

  /** Moves it to a number of at least `lowest`, out of the way of descriptors with fixed places. */
  raise(lowest: number): this {
    if (this.#number >= lowest) return this;
    const raised = mustCall(`fcntl(${this.#number}, F_DUPFD_CLOEXEC)`, "fcntl", this.#number, F_DUPFD_CLOEXEC, lowest);
    this[Symbol.dispose]();
    this.#number = raised;
    return this;
  }

  /** Lets it live through the next execve of this very process. */
  keepOnExec(): number {
    mustCall(`fcntl(${this.#number}, F_SETFD)`, "fcntl", this.#number, F_SETFD, 0);
    return this.#number;
  }

  [Symbol.dispose](): void {
    if (this.#number < 0) return;
    tryCall("close", this.#number);
    this.#number = -1;
  }
}

/** `pipe2(O_CLOEXEC)`. */
export const openPipe = (): { readonly reading: OwnedFd; readonly writing: OwnedFd } => {
  const ends = new Int32Array(2);
  mustCall("pipe2()", "pipe2", ptr(ends), O_CLOEXEC);
  return { reading: new OwnedFd(ends[0] as number), writing: new OwnedFd(ends[1] as number) };
};

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;

/** `socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC)`. */
export const openPair = (): { readonly one: OwnedFd; readonly other: OwnedFd } => {
  const ends = new Int32Array(2);
  mustCall("socketpair()", "socketpair", AF_UNIX, SOCK_SEQPACKET | O_CLOEXEC, 0, ptr(ends));
  return { one: new OwnedFd(ends[0] as number), other: new OwnedFd(ends[1] as number) };
};

/** The same open file once more. */
export const duplicate = (fd: number): OwnedFd =>
  new OwnedFd(mustCall(`fcntl(${fd}, F_DUPFD_CLOEXEC)`, "fcntl", fd, F_DUPFD_CLOEXEC, 0));

/** A NUL-terminated string for the kernel. Keep it referenced until the call is over. */
export const cString = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

const PROC_BYTES_MAX = 4096;

/** The first page of a file of /proc. @throws CallError */
export const readProcFile = (path: string): string => {
  const [name, bytes] = [cString(path), new Uint8Array(PROC_BYTES_MAX)];
  using fd = new OwnedFd(mustCall(`open("${path}")`, "openat", AT_FDCWD, ptr(name), O_CLOEXEC));
  const size = mustCall(`read("${path}")`, "read", fd.number, ptr(bytes), bytes.length);
  return new TextDecoder().decode(bytes.subarray(0, size));
};

const SHOWN_CHARACTERS_MAX = 60;
const shorten = (text: string): string =>
  text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX - 1)}…`;

/** A path as a place (O_PATH): to look at what is in it, whatever has that path later. @throws CallError */
export const openPlace = (path: string): OwnedFd => {
  const name = cString(path);
  return new OwnedFd(mustCall(`open(${JSON.stringify(path)})`, "openat", AT_FDCWD, ptr(name), O_PATH | O_CLOEXEC));
};

/** Writes a file of /proc in one call, as its handlers want it. @throws CallError */
export const writeProcFile = (path: string, content: string): void => {
  const name = cString(path);
  using fd = new OwnedFd(mustCall(`open("${path}")`, "openat", AT_FDCWD, ptr(name), O_WRONLY | O_CLOEXEC));
  const bytes = new TextEncoder().encode(content);
  mustCall(`write("${path}", "${shorten(content)}")`, "write", fd.number, ptr(bytes), bytes.length);
};
