/**
 * What lifecycle hooks are given.
 * @module
 */

/** A running sandbox as its supervisor sees it. */
export interface Child {
  /** The pid of the sandbox's first process, outside. */
  readonly pid: number;
  /** A descriptor of that process; it stays valid when the pid is used again. */
  readonly pidfd: number;
}

export interface SandboxResult {
  /** The payload's exit status; 128 + n where a signal ended it. */
  readonly exitCode: number;
  /** The number of the signal that ended the payload. */
  readonly signal: number | undefined;
  /** Of the payload and everything it waited for. */
  readonly userTimeMs: number;
  readonly systemTimeMs: number;
  readonly memoryMaxBytes: number;
}

export interface HookContext<Config> {
  readonly config: Config;
  /** Hands something over that must be released when the sandbox is gone, also when a later step fails. Runs in reverse order. */
  defer(what: string, release: () => void | Promise<void>): void;
}
