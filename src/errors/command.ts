/**
 * Errors of the payload's command: found, readable, executable inside?
 * @module
 */
import { BunkerError, EXIT_STATUS } from "../errors.ts";
import { printable, quoted } from "./text.ts";

/** In no directory of the PATH inside, and not on the host either. */
export const commandNotFound = (command: string): BunkerError =>
  new BunkerError({
    code: "E_COMMAND_NOT_FOUND",
    message: `${quoted(command)}: command not found`,
    exitCode: EXIT_STATUS.notFound,
    details: { command },
  });

/** The directory that shows a file inside, and its last name: `/opt/tool/bin/x` is shown by `/opt/tool/bin`. */
const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

/** The host has it at `hostPath`, the sandbox does not. */
export const commandNotInside = (command: string, hostPath: string): BunkerError =>
  new BunkerError({
    code: "E_COMMAND_NOT_INSIDE",
    message: `${quoted(command)}: command not found inside the sandbox, though the host has ${quoted(hostPath)}`,
    hint: `make it visible: --allow-read ${printable(directoryOf(hostPath))}, or -v ${printable(`${hostPath}:${hostPath}:ro`)}`,
    exitCode: EXIT_STATUS.notFound,
    details: { command, hostPath },
  });

/** The file is there, but what it needs to start (its `#!` interpreter, its ELF loader) is not. */
export const interpreterNotInside = (command: string, interpreter: string | undefined): BunkerError =>
  new BunkerError({
    code: "E_INTERPRETER_NOT_INSIDE",
    message: `${quoted(command)} exists, but not the ${
      interpreter === undefined
        ? "interpreter or loader that it needs"
        : `interpreter ${quoted(interpreter)} that it names`
    }`,
    hint:
      interpreter === undefined
        ? "look at its first line (#!), or at its loader with: readelf -l"
        : `make it visible: --allow-read ${printable(interpreter)}`,
    exitCode: EXIT_STATUS.notFound,
    details: { command, interpreter },
  });

/** `reason`: `permission denied`, `exec format error`, `is a directory`. */
export const notExecutable = (command: string, reason: string, hint?: string): BunkerError =>
  new BunkerError({
    code: "E_COMMAND_NOT_EXECUTABLE",
    message: `${quoted(command)} cannot be executed: ${printable(reason)}`,
    hint: hint ?? (reason === "permission denied" ? `make it executable: chmod +x ${printable(command)}` : undefined),
    exitCode: EXIT_STATUS.notExecutable,
    details: { command, reason },
  });

/** The hint where execve failed with an errno that the file system has no reason for. */
export const mayDenyExec = (profile: string): string => `the seccomp profile ${quoted(profile)} may deny execve`;

const STRANGERS = {
  root: "what root starts runs as an unprivileged user of its own",
  range: "--userns auto gives the sandbox ids that are not yours",
} as const;

/**
 * `path`: the script, or the directory that is in the way; `payload`: who may not read it. A stranger may not where the caller may: of
 * a caller that is root, or with a range of ids.
 */
export const scriptNotReadable = (
  script: string,
  path: string,
  payload: "caller" | keyof typeof STRANGERS,
): BunkerError =>
  new BunkerError({
    code: "E_SCRIPT_NOT_READABLE",
    message: `script ${quoted(script)} cannot be read inside the sandbox`,
    hint:
      payload === "caller"
        ? `you may not read it: look at its owner and mode with ls -l ${printable(path)}`
        : `${STRANGERS[payload]}: chmod ${path === script ? "a+r" : "a+rx"} ${printable(path)}`,
    exitCode: EXIT_STATUS.notExecutable,
    details: { script, path },
  });

/** `stream`: `standard input`; `node`: `a directory`. */
export const stdioRefused = (stream: string, node: string): BunkerError =>
  new BunkerError({
    code: "E_STDIO",
    message: `${stream} is ${node}`,
    hint: "a descriptor of a directory or a disk would be a way out of the sandbox: redirect it to a file, a pipe or /dev/null",
    details: { stream, node },
  });

export const workingDirectoryGone = (): BunkerError =>
  new BunkerError({
    code: "E_WORKING_DIRECTORY",
    message: "the current directory does not exist any more, or may not be searched",
    hint: "change to another one: cd /",
  });
