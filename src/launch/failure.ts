/**
 * A failed operation → the words for it.
 * @module
 */
import {
  commandNotFound,
  commandNotInside,
  interpreterNotInside,
  mayDenyExec,
  notExecutable,
  stdioRefused,
} from "../errors/command.ts";
import { launcherRefused, launchFailed } from "../errors/launch.ts";
import type { Program } from "../ir/program.ts";
import { errnos, errnoText } from "../linux/errno.ts";
import type { Plan } from "../plan/plan.ts";
import type { Host } from "../plugin/host.ts";
import { readHostFacts } from "./facts.ts";
import { CallError } from "./libc.ts";

export { launcherDied } from "../errors/launch.ts";

export interface FailureContext {
  readonly plan: Plan;
  readonly program: Program;
  readonly host: Host;
}

/** Whether a path of the host's is in a bind mount of the plan, under the same name. */
const isShown = (plan: Plan, path: string): boolean =>
  plan.entries.some((entry) => entry.type === "bind" && (path === entry.target || path.startsWith(`${entry.target}/`)));

const INTERPRETER_LINE_BYTES_MAX = 256;

/** The interpreter that a `#!` line names (execve(2), "Interpreter scripts"). */
const interpreterOf = (host: Host, path: string): string | undefined =>
  /^#!\s*(\S+)/.exec(host.readText(path, INTERPRETER_LINE_BYTES_MAX) ?? "")?.[1];

const onHost = (host: Host, name: string): string | undefined =>
  (host.environment.PATH ?? "")
    .split(":")
    .filter((directory) => directory.startsWith("/"))
    .map((directory) => `${directory}/${name}`)
    .find((path) => host.nodeType(path) === "file");

const notFound = (command: string, { plan, host }: FailureContext): Error => {
  const path = command.includes("/") ? command : onHost(host, command);
  if (path === undefined || host.nodeType(path) === "missing") return commandNotFound(command);
  return isShown(plan, path)
    ? interpreterNotInside(command, interpreterOf(host, path))
    : commandNotInside(command, path);
};

const execFailed = (context: FailureContext, errno: number): Error => {
  const [command = ""] = context.plan.command;
  if (errno === errnos.ENOENT || errno === errnos.ENOTDIR) return notFound(command, context);
  const { seccomp } = context.plan;
  const byFilter = seccomp !== undefined && (errno === errnos.EPERM || errno === errnos.ENOSYS);
  return notExecutable(
    command,
    errno === errnos.EISDIR ? "is a directory" : errnoText(errno),
    byFilter ? mayDenyExec(seccomp.profile) : undefined,
  );
};

const isStranger = ({ identity: { outside } }: Plan): boolean => outside !== "caller" && outside !== "host";

/** What the launcher reported: the index of an operation of the program, and its errno. */
export const explainFailure = (context: FailureContext, index: number, errno: number): Error => {
  const op = context.program.ops[index];
  const origin = op && "origin" in op ? op.origin : undefined;
  const { plugin = "bunker", phase = "", sentence = `operation ${index}` } = origin ?? {};
  const syscall = op?.kind === "syscall" ? op.name : "";
  if (phase === "exec" && sentence.startsWith("execve")) return execFailed(context, errno);
  if (op?.kind === "fail" && phase === "release") {
    return stdioRefused(sentence, errno === errnos.EISDIR ? "a directory" : "a block device");
  }
  const step = { plugin, phase, sentence, syscall, errno };
  const facts = readHostFacts(context.host, isStranger(context.plan));
  // What the launcher refuses by itself has no errno of the kernel's to tell.
  return op?.kind === "fail" && phase === "landlock" ? launcherRefused(step, facts) : launchFailed(step, facts);
};

/** What failed in this process, on the way to the launcher. Errors that are not of the kernel's stay what they are. */
export const explainCallError = (error: unknown, host: Host): unknown => {
  if (!(error instanceof CallError)) return error;
  const [syscall = ""] = error.sentence.split("(");
  return launchFailed(
    { plugin: "bunker", phase: "launch", sentence: error.sentence, syscall, errno: error.errno },
    // Of calls that this process makes with its own ids.
    readHostFacts(host, false),
  );
};
