/**
 * Paths of the host at their own place, read-only: the current directory, scripts, and what `--allow-read` names.
 * @module
 */
import type { Entry, Host } from "../../src/api.ts";
import { mountOf, shownAt } from "./layout.ts";
import { checkMountPoint } from "./mounts.ts";
import { bindOf, throughLinks } from "./system-view.ts";

const shareAt = (source: string, target: string, entries: readonly Entry[], host: Host): readonly Entry[] => {
  if (shownAt(target, entries) === source || mountOf(target, entries)?.target === target) return entries;
  const bind = bindOf(host, source, target, true);
  checkMountPoint(bind, entries, host);
  return [...entries, bind];
};

/**
 * Shows a path of the host read-only at the same path, unless it is in view already, writable or not.
 * A link inside a directory that is in view leads where it leads on the host: then what it points to is shown.
 */
export const share = (path: string, entries: readonly Entry[], host: Host): readonly Entry[] => {
  const source = host.realPath(path);
  const target = throughLinks(path, entries);
  const around = mountOf(target, entries);
  const isHostView = around?.type === "bind" && around.source === around.target && around.target !== target;
  if (!isHostView) return shareAt(source, target, entries, host);
  return shownAt(target, entries) === source ? entries : shareAt(source, source, entries, host);
};

/** Short ones first, so that a directory is in view before what is in it. */
export const shareAll = (paths: readonly string[], entries: readonly Entry[], host: Host): readonly Entry[] =>
  [...paths].sort((a, b) => a.length - b.length).reduce((all, path) => share(path, all, host), entries);
