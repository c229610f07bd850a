/**
 * The error that users see, and how it is shown. The sentences themselves are in src/errors/, one file a topic.
 *
 * Messages are lower case, without full stop. The hint says what to do. Codes are stable: scripts may rely on them.
 * @module
 */
import { printable } from "./errors/text.ts";

/** Bunker's own failures, as env(1), timeout(1) and Docker number them. */
export const EXIT_STATUS = { failed: 125, notExecutable: 126, notFound: 127 } as const;

export interface ErrorOptions {
  /** Stable, in capitals: `E_VOLUME_SOURCE`. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** The values that the message is made of, for machines. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What the process exits with. 125 unless given. */
  readonly exitCode?: number;
  readonly cause?: unknown;
}

/** An expected failure, with words for people and fields for machines. */
export class BunkerError extends Error {
  override readonly name = "BunkerError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly exitCode: number;

  constructor({ code, message, hint, details = {}, exitCode = EXIT_STATUS.failed, cause }: ErrorOptions) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
    this.details = details;
    this.exitCode = exitCode;
  }
}

/**
 * Refuses to go on, from a plugin's `resolve`, `apply` or hook.
 *
 * @example
 * ```ts
 * refuse({ code: "E_BRIDGE", message: `bridge ${name} does not exist`, hint: `make it: ip link add ${name} type bridge` });
 * ```
 */
export const refuse = (options: Omit<ErrorOptions, "code"> & { readonly code?: string }): never => {
  throw new BunkerError({ code: "E_REFUSED", ...options });
};

/** Two plugins want different things. `what`: `mount at /etc/passwd`. */
export const conflict = (what: string, first: string, second: string): BunkerError =>
  new BunkerError({
    code: "E_CONFLICT",
    message: `conflict: ${first} and ${second} disagree on ${printable(what)}`,
    hint: `change the flags or the config of one of them: both are listed by "bunker explain"`,
    details: { what, plugins: [first, second] },
  });

const exitCodeOf = (error: unknown): number => (error instanceof BunkerError ? error.exitCode : EXIT_STATUS.failed);

/** The exit status for whatever was thrown; of several errors, the first one's. */
export const exitStatus = (error: unknown): number =>
  error instanceof AggregateError ? exitCodeOf(error.errors[0]) : exitCodeOf(error);

const RED = "\u001b[31m";
const DIM = "\u001b[2m";
const RESET = "\u001b[0m";

/** Further lines stand below the first one's text, behind `bunker: error: ` and `hint: `. */
const indented = (text: string): string => printable(text, { newlines: true }).replaceAll("\n", `\n${" ".repeat(15)}`);

const renderOne = (error: unknown, colour: boolean): string => {
  const paint = (style: string, text: string): string => (colour ? `${style}${text}${RESET}` : text);
  const known = error instanceof BunkerError;
  const message = known ? error.message : `internal error: ${error instanceof Error ? (error.stack ?? error) : error}`;
  const line = `bunker: ${paint(RED, "error")}: ${indented(message)}`;
  if (!known || error.hint === undefined) return line;
  return `${line}\n         ${paint(DIM, "hint")}: ${indented(error.hint)}`;
};

/** The lines for a terminal: `bunker: error: …`, and the hint below, both texts in one column. */
export const renderError = (error: unknown, { colour = false } = {}): string => {
  const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return all.map((one) => renderOne(one, colour)).join("\n");
};

/** The same for machines. */
export const errorToJson = (error: unknown): Record<string, unknown> => {
  if (error instanceof AggregateError)
    return { ...errorToJson(error.errors[0]), also: error.errors.slice(1).map(errorToJson) };
  if (!(error instanceof BunkerError)) return { code: "E_INTERNAL", message: String(error) };
  const { code, message, hint, details } = error;
  return { code, message, ...(hint === undefined ? {} : { hint }), details };
};
