/**
 * What of the host is mounted, looked up: it exists, and this is where it really is.
 * @module
 */
import { type Host, refuse } from "../../src/api.ts";
import { resolveFrom } from "../path.ts";
import { targetProblem } from "./places.ts";

const missingSource = (what: string, path: string): never =>
  refuse({
    code: "E_VOLUME_SOURCE",
    message: `${what} ${JSON.stringify(path)} does not exist`,
    hint: "paths are looked up on the host, before the sandbox starts; a relative one starts in the current directory",
  });

export const realSource = (what: string, path: string, host: Host): string => {
  const absolute = resolveFrom(host.cwd, path);
  return host.nodeType(absolute) === "missing" ? missingSource(what, path) : host.realPath(absolute);
};

export const wrong = (text: string, problem: string): never =>
  refuse({
    code: "E_VOLUME",
    message: `${JSON.stringify(text)} cannot be mounted: ${problem}`,
    hint: "bunker explain, with the same flags, lists what is mounted where",
  });

export const realDirectory = (what: string, path: string, host: Host): string => {
  const source = realSource(what, path, host);
  return host.nodeType(source) === "directory" ? source : wrong(path, `${what} must be a directory`);
};

/** A path of the host that is to be at the same place inside. */
export const samePlace = (
  what: string,
  path: string,
  host: Host,
): { readonly source: string; readonly target: string } => {
  const target = resolveFrom(host.cwd, path);
  const problem = targetProblem(target);
  return problem === undefined ? { source: realSource(what, path, host), target } : wrong(path, problem);
};
