/**
 * A caller with an account and ids of its own in /etc/subuid and /etc/subgid, without a change to the host: the files are covered
 * by others in a mount namespace that ends with the caller.
 * @module
 */
import { describe, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Caller } from "./callers.ts";
import { ENVIRONMENT } from "./callers.ts";
import { scratchDirectory } from "./scratch.ts";

export interface Account {
  readonly name: string;
  readonly uid: number;
  /** First id and how many. */
  readonly subuid: readonly [first: number, count: number] | undefined;
  readonly subgid: readonly [first: number, count: number] | undefined;
}

/** No account of the host's has it, nor the callers of other tests. */
export const MEMBER: Account = { name: "member", uid: 61_235, subuid: [200_000, 65_536], subgid: [300_000, 65_536] };

const scratch = scratchDirectory();
let made = 0;

const COVER = 'for file in passwd group subuid subgid; do mount --bind "$1/$file" "/etc/$file"; done; shift; exec "$@"';

const rangeLine = (name: string, range: Account["subuid"]): string => (range ? `${name}:${range.join(":")}\n` : "");

/** `before`: shell commands of root's in that mount namespace. */
export const callerWith = ({ name, uid, subuid, subgid }: Account, before = ":"): Caller => {
  made += 1;
  const at = (file: string, content: string) => scratch.file(`account-${made}/${file}`, content);
  at("passwd", `${readFileSync("/etc/passwd", "utf8")}${name}:x:${uid}:${uid}::/home/${name}:/bin/sh\n`);
  at("group", `${readFileSync("/etc/group", "utf8")}${name}:x:${uid}:\n`);
  at("subuid", `other:1000000:65536\n${rangeLine(name, subuid)}`);
  at("subgid", `other:1000000:65536\n${rangeLine(name, subgid)}`);
  const become = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--"];
  const cover = ["unshare", "--mount", "sh", "-c", `set -e; ${before}; ${COVER}`, "sh", scratch.at(`account-${made}`)];
  return { name: "unprivileged", uid, gid: uid, prefix: [...cover, ...become] };
};

const NEEDED = ["unshare", "setpriv", "newuidmap", "newgidmap"];

const whyNot = (): string | undefined => {
  if (process.getuid?.() !== 0) return "the tests do not run as root";
  const missing = NEEDED.filter((program) => Bun.which(program, { PATH: ENVIRONMENT.PATH }) === null);
  return missing.length > 0 ? `${missing.join(", ")} not installed` : undefined;
};

/** Tests that need such a caller; where there can be none, a skipped test says why. */
export const describeForMember = (title: string, body: (caller: Caller) => void): void => {
  const why = whyNot();
  if (why !== undefined) test.skip(`${title}, started by a member of /etc/subuid: ${why}`, () => {});
  else describe(`${title}, started by a member of /etc/subuid`, () => body(callerWith(MEMBER)));
};
