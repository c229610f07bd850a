/**
 * Real sandboxes: one that runs to its end, and one that stays, to be looked at from the host.
 * @module
 */
import type { Outcome } from "./binary.ts";
import { type Caller, ENVIRONMENT, SHARED_BINARY } from "./callers.ts";
import { childrenOf, eventually, executableOf, isAlive } from "./processes.ts";

export interface BoxOptions {
  /** Of `bunker run`. */
  readonly flags?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Words in front of the binary, executed by the caller: a program that executes its arguments. */
  readonly through?: readonly string[];
  /** Executed instead of `bunker run FLAGS`: an image of `bunker compile`. */
  readonly image?: string;
  /** A plugin has hooks: bunker stays, and no monitor takes its place. */
  readonly supervised?: boolean;
}

/** `/` is not shown to a sandbox: nothing of this checkout decides a test. */
const CWD = "/";

const commandLine = (caller: Caller, command: readonly string[], options: BoxOptions): string[] => {
  const start = options.image ? [options.image] : [SHARED_BINARY, "run", ...(options.flags ?? []), "--"];
  return [...caller.prefix, ...(options.through ?? []), ...start, ...command];
};

/** Runs a command in a sandbox to its end. */
export const box = (caller: Caller, command: readonly string[], options: BoxOptions = {}): Outcome => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(commandLine(caller, command, options), {
    cwd: options.cwd ?? CWD,
    env: { ...ENVIRONMENT, ...options.env },
    stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
    timeout: 10_000,
    // The monitor hands every other signal on.
    killSignal: "SIGKILL",
  });
  return { exitCode: exitCode ?? -1, stdout: stdout.toString(), stderr: stderr.toString() };
};

/** What a command in a sandbox prints, without the last newline. @throws when it fails */
export const boxed = (caller: Caller, command: readonly string[], options: BoxOptions = {}): string => {
  const { exitCode, stdout, stderr } = box(caller, command, options);
  if (exitCode !== 0) throw new Error(`exit status ${exitCode}: ${stderr}${stdout}`);
  return stdout.replace(/\n$/, "");
};

export const shell = (caller: Caller, script: string, options: BoxOptions = {}): string =>
  boxed(caller, ["sh", "-c", script], options);

/** Python, for calls that no shell makes. Its output is JSON. */
export const python = (caller: Caller, script: string, options: BoxOptions = {}): unknown =>
  JSON.parse(boxed(caller, ["python3", "-c", script], options));

/** A shell around bunker: `inShell("ulimit -Sn 300")` is what the caller does before. */
export const inShell = (before: string): readonly string[] => ["sh", "-c", `${before}; exec "$@"`, "sh"];

export interface Running extends AsyncDisposable {
  /** Of `bunker`, and later of its monitor: the same. */
  readonly pid: number;
  /** Kernel pids of init and of the payload. */
  readonly init: number;
  readonly payload: number;
  readonly process: Bun.Subprocess<"pipe", "pipe", "pipe">;
}

const READY = "ready";

/** Reads until the payload has said that it runs: then bunker is about to be the monitor, or has become it. */
const untilReady = async (child: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<void> => {
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  for (let text = ""; !text.includes(READY); ) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the sandbox ended: ${text}${await new Response(child.stderr).text()}`);
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
};

const PROMPTLY_MS = 3000;

/** Once the payload runs, bunker's place is taken by its monitor, whose memory is no file's. */
const untilMonitor = async (pid: number): Promise<void> => {
  const isMonitor = (): boolean => executableOf(pid).startsWith("/memfd:bunker");
  if (!(await eventually(isMonitor, PROMPTLY_MS))) throw new Error(`${pid} is ${executableOf(pid)}, and no monitor`);
};

/** What a payload that stays does: `before` it has said that it is ready (traps, for one), and after that. */
interface Stay {
  readonly before?: string;
  readonly script?: string;
}

/** Starts a sandbox that stays until it is disposed. */
export const running = async (caller: Caller, options: BoxOptions & Stay = {}): Promise<Running> => {
  const script = `${options.before ?? ":"}; echo ${READY}; ${options.script ?? "exec sleep 60"}`;
  const child = Bun.spawn(commandLine(caller, ["sh", "-c", script], options), {
    cwd: options.cwd ?? CWD,
    env: { ...ENVIRONMENT, ...options.env },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  await untilReady(child);
  if (!options.image && !options.supervised) await untilMonitor(child.pid);
  const hasInit = !options.flags?.includes("--no-init");
  const [init = 0] = childrenOf(child.pid);
  const [payload = 0] = hasInit ? childrenOf(init) : [init];
  return {
    pid: child.pid,
    init,
    payload,
    process: child,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      // Where a test has found a sandbox that survives its monitor, it must not survive the test.
      await eventually(() => !isAlive(payload), 500);
      if (isAlive(payload)) process.kill(payload, "SIGKILL");
    },
  };
};
