/**
 * The questions that planning a sandbox asked of the host, and their answers.
 *
 * A plan follows from the command line and from these answers alone, since {@link Host} is the only door that plugins of ours look
 * through. So a sandbox that was compiled once may be started again from its image exactly when every answer is still the same.
 * @module
 */
import type { Host } from "../plugin/host.ts";

const METHODS = ["nodeType", "readLink", "realPath", "mayExecute", "openToAll", "readText", "readStart"] as const;
type Method = (typeof METHODS)[number];

/** A question, and a digest of its answer: contents of files are not kept. */
export interface Question {
  readonly of: Method | "environment" | "mayMapIds";
  readonly args: readonly unknown[];
  readonly answer: string;
}

/** Not a secret and not against an adversary: whoever could change these files may start the sandbox as it pleases. */
const digest = (answer: unknown): string => {
  const text = answer === undefined ? "" : `=${answer}`;
  return text.length <= 32 ? text : Bun.hash(text).toString(36);
};

const REFUSED = "!";

const ask = (host: Host, of: Question["of"], args: readonly unknown[]): string => {
  if (of === "environment") return digest(host.environment[args[0] as string]);
  if (of === "mayMapIds") return digest(host.mayMapIds);
  try {
    return digest((host[of] as (...args: readonly unknown[]) => unknown)(...args));
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
  const note = (of: Question["of"], args: readonly unknown[], answer: string): void => {
    questions.set(JSON.stringify([of, args]), { of, args, answer });
  };
  const method =
    (of: Method) =>
    (...args: readonly unknown[]): unknown => {
      try {
        const answer = (host[of] as (...args: readonly unknown[]) => unknown)(...args);
        note(of, args, digest(answer));
        return answer;
      } catch (error) {
        note(of, args, REFUSED);
        throw error;
      }
    };
  const environment = new Proxy(host.environment, {
    get: (target, name) => {
      const value = target[String(name)];
      note("environment", [String(name)], digest(value));
      return value;
    },
    ownKeys: (target) => {
      complete = false;
      return Reflect.ownKeys(target);
    },
  });
  const traced: Host = {
    ...(Object.fromEntries(METHODS.map((of) => [of, method(of)])) as unknown as Pick<Host, Method>),
    uid: host.uid,
    gid: host.gid,
    cwd: host.cwd,
    executable: host.executable,
    environment,
    get mayMapIds() {
      note("mayMapIds", [], digest(host.mayMapIds));
      return host.mayMapIds;
    },
  };
  return { host: traced, questions: () => [...questions.values()], complete: () => complete };
};
