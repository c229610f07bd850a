/**
 * A supervisor that stays: it reads what init reports, hands signals on, and stops when the payload stops.
 * @module
 */
import type { SandboxResult } from "../plugin/hooks.ts";
import { type StatusRecord, streamRecords } from "./channel.ts";
import type { Launched } from "./launch.ts";
import { tryCall } from "./libc.ts";
import { endedFrom, waitForEnd } from "./wait.ts";

/**
 * The signals that people send to a job. Those of the terminal's go to its whole foreground group, so that the payload has them
 * already: they are only taken note of.
 */
const HANDED_ON = ["SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCONT"] as const;
const OF_THE_TERMINAL = ["SIGINT", "SIGQUIT", "SIGTSTP"] as const;

/**
 * SIGTSTP must have a handler: by its default this process would stop at once, and once more when it is continued and reads
 * that the payload has stopped. It stops by that record alone.
 *
 * Until it is disposed, signals end the payload and not this process. */
export const forwardSignals = (pid: number, { terminal }: { readonly terminal: boolean }): Disposable => {
  const handOn = (signal: NodeJS.Signals): void => {
    process.kill(pid, signal);
  };
  const ignore = (): void => {};
  for (const signal of HANDED_ON) process.on(signal, handOn);
  for (const signal of OF_THE_TERMINAL) process.on(signal, terminal ? ignore : handOn);
  return {
    [Symbol.dispose]: () => {
      for (const signal of HANDED_ON) process.off(signal, handOn);
      for (const signal of OF_THE_TERMINAL) process.off(signal, terminal ? ignore : handOn);
    },
  };
};

type Exited = Extract<StatusRecord, { kind: "exited" }>;

const NO_USAGE = { userTimeMs: 0, systemTimeMs: 0, memoryMaxBytes: 0 };

/** What the payload left, once nothing of the sandbox is left. Without a record it was ended from outside, or has no init. */
const resultOf = (launched: Launched, exited: Exited | undefined): SandboxResult => {
  const end = waitForEnd(launched.pid);
  return { ...(exited ? endedFrom(exited.waitStatus) : end), ...(exited?.usage ?? NO_USAGE) };
};

export interface SuperviseHandlers {
  /** The launch failed: the index of the operation and its errno. */
  readonly failed: (op: number, errno: number) => Error;
  readonly started: () => Promise<void>;
  /** The payload has stopped, and this process is about to. */
  readonly stopping: () => void;
  /** Nothing of the sandbox is left, however it ended. */
  readonly ended: () => void;
}

/** Follows a sandbox to its end. @throws what `failed` makes of a failed launch */
export const supervise = async (launched: Launched, handlers: SuperviseHandlers): Promise<SandboxResult> => {
  let exited: Exited | undefined;
  let failure: Error | undefined;
  for await (const record of streamRecords(launched.status)) {
    if (record.kind === "failed") failure = handlers.failed(record.op, record.errno);
    if (record.kind === "started") await handlers.started();
    if (record.kind === "exited") exited = record;
    if (record.kind === "stopped") {
      handlers.stopping();
      process.kill(process.pid, "SIGSTOP");
    }
  }
  const result = resultOf(launched, exited);
  handlers.ended();
  if (failure) throw failure;
  return result;
};

/** Ends a sandbox that is no longer wanted, and waits until it is gone. */
export const endSandbox = (launched: Launched): void => {
  tryCall("pidfd_send_signal", launched.pidfd.number, 9, 0, 0);
  waitForEnd(launched.pid);
};
