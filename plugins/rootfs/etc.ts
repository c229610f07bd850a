/**
 * The files of /etc that are written for the sandbox: who there is, and that names are looked up in files.
 *
 * The host's own would tell the payload about everybody's account.
 *
 * @see https://man7.org/linux/man-pages/man5/passwd.5.html
 * @see https://man7.org/linux/man-pages/man5/nsswitch.conf.5.html
 * @module
 */
import type { ContentPart, Entry, Identity } from "../../src/api.ts";
import { NOBODY_ID } from "../userns/ids.ts";

const NSSWITCH = [
  "passwd: files",
  "group: files",
  "shadow: files",
  "hosts: files dns",
  "networks: files",
  "services: files",
  "",
];

const file = (name: string, content: readonly ContentPart[]): Entry => ({
  target: `/etc/${name}`,
  type: "file",
  mode: 0o644,
  content,
});

/** Ids are left open: a compiled sandbox learns them when it starts. */
const payloadLine = ({ uid, name, home }: Identity): readonly ContentPart[] =>
  uid === 0 || uid === NOBODY_ID ? [] : [`${name}:x:`, { id: "uid" }, ":", { id: "gid" }, `::${home}:/bin/sh\n`];

const passwd = (identity: Identity): readonly ContentPart[] => [
  `root:x:0:0::${identity.uid === 0 ? identity.home : "/root"}:/bin/sh\n`,
  ...payloadLine(identity),
  `nobody:x:${NOBODY_ID}:${NOBODY_ID}::${identity.uid === NOBODY_ID ? identity.home : "/nonexistent"}:/bin/sh\n`,
];

const payloadGroup = ({ gid, name }: Identity): readonly ContentPart[] =>
  gid === 0 || gid === NOBODY_ID
    ? []
    : [`${["root", "nobody"].includes(name) ? "user" : name}:x:`, { id: "gid" }, ":\n"];

const group = (identity: Identity): readonly ContentPart[] => [
  "root:x:0:\n",
  ...payloadGroup(identity),
  `nogroup:x:${NOBODY_ID}:\n`,
];

export const etcFiles = (identity: Identity): readonly Entry[] => [
  file("nsswitch.conf", [NSSWITCH.join("\n")]),
  file("passwd", passwd(identity)),
  file("group", group(identity)),
];
