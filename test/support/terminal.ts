/**
 * A terminal with somebody at it, who types keys and reads what is shown.
 * @module
 */
import { ENVIRONMENT } from "./callers.ts";

export const KEYS = { interrupt: "\x03", suspend: "\x1a" } as const;

export interface Seat extends AsyncDisposable {
  readonly process: Bun.Subprocess;
  /** What was shown so far. */
  shown(): string;
  type(keys: string): void;
  /** Waits until `text` is shown after what an earlier call has waited for. @throws with all that was shown */
  see(text: string | RegExp): Promise<void>;
  resize(columns: number, rows: number): void;
  hangUp(): void;
}

const WITHIN_MS = 5000;

/** Starts a command as the session leader of a new terminal. */
export const seat = (command: readonly string[]): Seat => {
  let shown = "";
  let seen = 0;
  const decoder = new TextDecoder();
  const child = Bun.spawn([...command], {
    cwd: "/",
    env: { ...ENVIRONMENT, TERM: "xterm" },
    terminal: {
      cols: 80,
      rows: 24,
      data(_terminal, data) {
        shown += decoder.decode(data, { stream: true });
      },
    },
  });
  /** Where `text` ends in what has not been seen yet. */
  const find = (text: string | RegExp): number => {
    const rest = shown.slice(seen);
    if (typeof text === "string") return rest.includes(text) ? rest.indexOf(text) + text.length : -1;
    const match = text.exec(rest);
    return match ? match.index + match[0].length : -1;
  };
  return {
    process: child,
    shown: () => shown,
    type: (keys) => {
      child.terminal?.write(keys);
    },
    async see(text) {
      for (const endMs = performance.now() + WITHIN_MS; find(text) < 0; await Bun.sleep(5))
        if (performance.now() > endMs) throw new Error(`not shown: ${text}; shown: ${JSON.stringify(shown)}`);
      seen += find(text);
    },
    resize: (columns, rows) => child.terminal?.resize(columns, rows),
    hangUp: () => child.terminal?.close(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      child.terminal?.close();
    },
  };
};
