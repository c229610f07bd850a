/**
 * What is compared: the same payload in the same kind of sandbox, started in different ways.
 * @module
 */

/** Starts the payload and comes back when everything has ended. Throws when that does not work. */
export type Start = () => void | Promise<void>;

export interface Contender {
  readonly name: string;
  /** What differs from the work that the others do. */
  readonly note?: string;
  readonly start: Start;
  /** The same sandbox around a payload that sleeps, to be looked at: only where there is a process to look at. */
  readonly sleeping?: readonly string[];
}

export interface Absent {
  readonly name: string;
  readonly absent: string;
}

export const isPresent = (entry: Contender | Absent): entry is Contender => !("absent" in entry);

/** One process, started the same way for everyone: Bun's spawnSync is posix_spawn and a wait. */
export const running =
  (argv: readonly string[]): Start =>
  () => {
    const { exitCode, stderr } = Bun.spawnSync([...argv], { stdio: ["ignore", "ignore", "pipe"] });
    if (exitCode !== 0) throw new Error(lastLine(stderr.toString()) || `exit status ${exitCode}`);
  };

/** A contender, once it has been seen to work. */
export const tried = async (contender: Contender): Promise<Contender | Absent> => {
  try {
    await contender.start();
    return contender;
  } catch (error) {
    return { name: contender.name, absent: error instanceof Error ? error.message : String(error) };
  }
};

export const installed = (command: string): string | undefined => Bun.which(command) ?? undefined;

/** The last thing that a tool said; of a structured log line only the message. */
const lastLine = (text: string): string => {
  const line = text.trim().split("\n").at(-1) ?? "";
  return /msg="(.*)"$/.exec(line)?.[1] ?? line;
};
