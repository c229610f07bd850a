/**
 * The questions that planning a sandbox asked of the host, and their answers.
 *
 * A plan follows from the command line and from these answers alone, since {@link Host} is the only door that plugins of ours look
 * through. So a sandbox that was compiled once may be started again from its image exactly when every answer is still the same.
 * @module
 */
import type { Host } from "../plugin/host.ts";
import { MAP_BYTES_MAX, MAP_FILES } from "./host.ts";

const METHODS = [
  "nodeType",
  "readLink",
  "realPath",
  "mayExecute",
  "openToAll",
  "readText",
  "readTextIn",
  "readStart",
  "list",
] as const;
type Method = (typeof METHODS)[number];

/** The answer to a question that the host has refused by an error. */
export const REFUSED = Symbol("refused");

export interface Question {
  readonly of: Method | "environment" | "mayMapIds";
  readonly args: readonly unknown[];
  readonly answer: string | boolean | undefined | typeof REFUSED;
}

type Answer = Question["answer"];

/** A listing as a text, so that two can be compared. */
const toAnswer = (result: unknown): Answer =>
  typeof result === "object" ? JSON.stringify(result) : (result as Answer);

const ask = (host: Host, of: Question["of"], args: readonly unknown[]): Answer => {
  if (of === "environment") return host.environment[args[0] as string];
  if (of === "mayMapIds") return host.mayMapIds;
  try {
    return toAnswer((host[of] as (...args: readonly unknown[]) => unknown)(...args));
  } catch {
    return REFUSED;
  }
};

/** Whether the host still answers as it did. */
export const stillAnswers = (host: Host, questions: readonly Question[]): boolean =>
  questions.every(({ of, args, answer }) => ask(host, of, args) === answer);

export interface Trace {
  /** The same host, with everything that is asked of it written down. */
  readonly host: Host;
  readonly questions: () => readonly Question[];
  /** False once somebody has asked for something that cannot be asked again one by one. */
  readonly complete: () => boolean;
}

export const traceHost = (host: Host): Trace => {
  const questions = new Map<string, Question>();
  let complete = true;
  const note = (of: Question["of"], args: readonly unknown[], answer: Answer): void => {
    questions.set(JSON.stringify([of, args]), { of, args, answer });
  };
  const method =
    (of: Method) =>
    (...args: readonly unknown[]): unknown => {
      try {
        const result = (host[of] as (...args: readonly unknown[]) => unknown)(...args);
        note(of, args, toAnswer(result));
        return result;
      } catch (error) {
        note(of, args, REFUSED);
        throw error;
      }
    };
  const environment = new Proxy(host.environment, {
    get: (target, name) => {
      const value = target[String(name)];
      note("environment", [String(name)], value);
      return value;
    },
    ownKeys: (target) => {
      complete = false;
      return Reflect.ownKeys(target);
    },
  });
  const traced: Host = {
    ...(Object.fromEntries(METHODS.map((of) => [of, method(of)])) as unknown as Pick<Host, Method>),
    // As the binary's: it cannot change.
    arch: host.arch,
    uid: host.uid,
    gid: host.gid,
    cwd: host.cwd,
    executable: host.executable,
    environment,
    get mayMapIds() {
      note("mayMapIds", [], host.mayMapIds);
      // What it rests on, for those who cannot ask it as a whole.
      if (host.mayMapIds) for (const file of MAP_FILES) method("readText")(file, MAP_BYTES_MAX);
      return host.mayMapIds;
    },
  };
  return { host: traced, questions: () => [...questions.values()], complete: () => complete };
};
