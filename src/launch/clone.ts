/**
 * `clone(2)`: new namespaces, and the image in them.
 *
 * CLONE_VM and CLONE_VFORK: nothing of this process is copied, and this thread sleeps until the child has been executed; the
 * other threads run on. No JavaScript runs in the child: its first instruction is the entry routine's (launcher/entry.ts).
 * All signals are blocked meanwhile, as posix_spawn(3) does it: a handler of the runtime's must not run in the child.
 * @module
 */
import { type Pointer, ptr } from "bun:ffi";
import { MACHINE_SLOTS } from "../ir/program.ts";
import { END_OF_MOVES, ENTRY_PARAMETERS } from "../launcher/entry.ts";
import { CLONE_PIDFD, CLONE_VFORK, CLONE_VM, SIG_SETMASK, SIGNAL_SET_BYTES, SIGNALS } from "../linux/process.ts";
import { entryPage } from "./entry-page.ts";
import { cString, OwnedFd } from "./fd.ts";
import { CallError, lastErrno, libc, mustCall, tryCall } from "./libc.ts";

/** A descriptor of this process and its number in the child. */
export interface Move {
  readonly from: number;
  readonly to: number;
}

export interface CloneOptions {
  /** CLONE_NEW* bits. */
  readonly namespaces: number;
  readonly image: OwnedFd;
  /** Every `from` is above every `to`. */
  readonly moves: readonly Move[];
  /** Make capabilities ambient: for a new user namespace. */
  readonly ambient: boolean;
}

export interface Cloned {
  readonly pid: number;
  readonly pidfd: OwnedFd;
}

const ALL_SIGNALS = new Uint8Array(SIGNAL_SET_BYTES).fill(0xff);

const withSignalsBlocked = <T>(work: () => T): T => {
  const before = new Uint8Array(SIGNAL_SET_BYTES);
  mustCall("rt_sigprocmask()", "rt_sigprocmask", SIG_SETMASK, ptr(ALL_SIGNALS), ptr(before), SIGNAL_SET_BYTES);
  try {
    return work();
  } finally {
    tryCall("rt_sigprocmask", SIG_SETMASK, ptr(before), 0, SIGNAL_SET_BYTES);
  }
};

const SIG_IGN = 1n;
/** `struct sigaction` of the kernel is 32 bytes at most; its first word is the handler. */
const SIGACTION_WORDS = 4;

/** Ignored by whoever started us, SIGCHLD would never tell of the sandbox's end; a handler of the runtime's is left alone. */
const heedChildren = (): void => {
  const [current, standard] = [new BigUint64Array(SIGACTION_WORDS), new BigUint64Array(SIGACTION_WORDS)];
  mustCall("rt_sigaction()", "rt_sigaction", SIGNALS.CHLD, 0, ptr(current), SIGNAL_SET_BYTES);
  if (current[0] !== SIG_IGN) return;
  mustCall("rt_sigaction()", "rt_sigaction", SIGNALS.CHLD, ptr(standard), 0, SIGNAL_SET_BYTES);
};

/** @throws CallError of clone(2), or of the call in the entry routine that failed */
export const cloneInto = ({ namespaces, image, moves, ambient }: CloneOptions): Cloned => {
  heedChildren();
  const page = entryPage(ambient);
  const name = cString("bunker");
  const argv = new BigUint64Array([BigInt(ptr(name)), 0n]);
  const nothing = new BigUint64Array(1);
  const pairs = new Uint32Array([...moves.flatMap(({ from, to }) => [from, to]), END_OF_MOVES, END_OF_MOVES]);
  const pidfd = new Int32Array([-1]);
  page.write(MACHINE_SLOTS.failedErrno, 0);
  page.write(ENTRY_PARAMETERS.imageFd, image.number);
  page.write(ENTRY_PARAMETERS.emptyPath, ptr(nothing));
  page.write(ENTRY_PARAMETERS.argv, ptr(argv));
  page.write(ENTRY_PARAMETERS.environment, ptr(nothing));
  page.write(ENTRY_PARAMETERS.moves, ptr(pairs));

  const bits = namespaces | CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGNALS.CHLD;
  const pid = withSignalsBlocked(() => {
    const result = libc().clone(
      page.code as Pointer,
      page.stack as Pointer,
      bits,
      page.block as Pointer,
      ptr(pidfd),
      null,
      null,
    );
    return result === -1 ? -lastErrno() : result;
  });
  if (pid < 0) throw new CallError("clone()", -pid);
  const owned = new OwnedFd(pidfd[0] as number);
  const errno = page.read(MACHINE_SLOTS.failedErrno);
  if (errno === 0) return { pid, pidfd: owned };
  owned[Symbol.dispose]();
  tryCall("wait4", pid, 0, 0, 0);
  throw new CallError("execveat(launcher)", errno);
};
