/**
 * newuidmap(1) and newgidmap(1): setuid programs that map what /etc/subuid and /etc/subgid give to their caller.
 *
 * They run on the host, before the sandbox's first instruction of its own: by absolute path, with no environment, in `/`, with nothing
 * to read, and not for long.
 *
 * @see https://man7.org/linux/man-pages/man1/newuidmap.1.html
 * @see https://man7.org/linux/man-pages/man7/capabilities.7.html (File capabilities)
 * @module
 */
import { ptr } from "bun:ffi";
import { helperFailed, helperNotPrivileged } from "../errors/ids.ts";
import { AT_FDCWD, O_CLOEXEC, O_PATH } from "../linux/file.ts";
import type { Extent } from "../linux/idmap.ts";
import type { Host } from "../plugin/host.ts";
import { cString, OwnedFd } from "./fd.ts";
import { tryCall } from "./libc.ts";
import { ownerAndMode } from "./runtime-directory.ts";

const HELPER_MS_MAX = 10_000;
const STATUS_BYTES_MAX = 16 * 1024;
const S_ISUID = 0o4000;

const hasFileCapability = (path: string): boolean => {
  const [name, attribute] = [cString(path), cString("security.capability")];
  return tryCall("getxattr", ptr(name), ptr(attribute), 0, 0) > 0;
};

const isSetuidRoot = (path: string): boolean => {
  const name = cString(path);
  const opened = tryCall("openat", AT_FDCWD, ptr(name), O_PATH | O_CLOEXEC);
  if (opened < 0) return false;
  using fd = new OwnedFd(opened);
  const found = ownerAndMode(fd.number);
  return found?.uid === 0 && (found.mode & S_ISUID) !== 0;
};

/** It is looked at before it is started: without its rights it would only say that something is not permitted. */
const checkPrivileged = (helper: string): void => {
  if (!isSetuidRoot(helper) && !hasFileCapability(helper)) throw helperNotPrivileged(helper);
};

const noNewPrivs = (host: Host): boolean =>
  /^NoNewPrivs:\s*1$/m.test(host.readText("/proc/self/status", STATUS_BYTES_MAX) ?? "");

const argumentsOf = (pid: number, extents: readonly Extent[]): readonly string[] =>
  [pid, ...extents.flatMap(({ inside, outside, count }) => [inside, outside, count])].map(String);

/** @throws BunkerError in the helper's own words */
export const mapThroughHelper = (helper: string, pid: number, extents: readonly Extent[], host: Host): void => {
  checkPrivileged(helper);
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync([helper, ...argumentsOf(pid, extents)], {
    env: {},
    cwd: "/",
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: HELPER_MS_MAX,
    killSignal: "SIGKILL",
  });
  if (exitCode === 0) return;
  const said = `${stderr}${stdout}`.trim();
  const words = said === "" ? `it ended with ${signalCode ?? `status ${exitCode}`}` : said;
  throw helperFailed({ helper, words, noNewPrivs: noNewPrivs(host) });
};
