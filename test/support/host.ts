/**
 * A host for tests: a file system as a table, and a caller.
 * @module
 */
import type { Host, NodeType } from "../../src/api.ts";

/** `directory`, `device` and `other` as such; a file's text after `=`; a link's target after `→`. */
export type Node = "directory" | "device" | "other" | `=${string}` | `→${string}`;

/** A merged-/usr distribution, an unprivileged caller, and its work. */
export const DEBIAN: Readonly<Record<string, Node>> = {
  "/": "directory",
  "/usr": "directory",
  "/usr/bin": "directory",
  "/usr/bin/env": "=",
  "/usr/lib": "directory",
  "/usr/share/zoneinfo/UTC": "=",
  "/bin": "→usr/bin",
  "/lib": "→usr/lib",
  "/etc": "directory",
  "/etc/passwd": "=root:x:0:0:root:/root:/bin/bash\nann:x:1001:1002:Ann,,,:/home/ann:/bin/bash\n",
  "/etc/ld.so.cache": "=",
  "/etc/ssl/certs": "directory",
  "/etc/localtime": "→/usr/share/zoneinfo/UTC",
  "/etc/resolv.conf": "=nameserver 192.0.2.1\n",
  "/etc/hosts": "=127.0.0.1 localhost\n",
  "/home": "directory",
  "/home/ann": "directory",
  "/home/ann/work": "directory",
  "/home/ann/work/data": "directory",
  "/home/ann/work/script.ts": "=",
  "/home/ann/other": "directory",
  "/home/ann/other/lib.ts": "=",
  "/home/ann/work/link.ts": "→../other/lib.ts",
  "/root": "directory",
  "/tmp": "directory",
  "/var": "directory",
  "/var/tmp": "directory",
  "/run": "directory",
  "/srv/root": "directory",
  "/srv/root/tmp": "directory",
  "/opt/bunker": "=",
  "/proc/self/uid_map": "=         0          0 4294967295\n",
};

const MAXIMUM_LINKS = 40;

/** Follows every link of a path, the last one only where `last`. */
const walk = (nodes: Readonly<Record<string, Node>>, path: string, last: boolean): string => {
  let todo = path.split("/").filter(Boolean);
  let at = "";
  for (let links = 0; todo.length > 0; ) {
    const [next = "", ...rest] = todo;
    todo = rest;
    if (next === "..") at = at.slice(0, at.lastIndexOf("/"));
    if (next === ".." || next === ".") continue;
    const node = nodes[`${at}/${next}`];
    if (!node?.startsWith("→") || (rest.length === 0 && !last)) {
      at += `/${next}`;
      continue;
    }
    links += 1;
    if (links > MAXIMUM_LINKS) throw new Error(`ELOOP: ${path}`);
    const to = node.slice(1);
    if (to.startsWith("/")) at = "";
    todo = [...to.split("/").filter(Boolean), ...rest];
  }
  return at === "" ? "/" : at;
};

/** What a path leads to; nothing where its links go in a circle. */
const reached = (nodes: Readonly<Record<string, Node>>, path: string): Node | undefined => {
  try {
    return nodes[walk(nodes, path, true)];
  } catch {
    return undefined;
  }
};

const typeOf = (node: Node | undefined): NodeType => {
  if (node === undefined) return "missing";
  if (node === "directory" || node === "device" || node === "other") return node;
  return node.startsWith("=") ? "file" : "symlink";
};

type Looks = "nodeType" | "list" | "readLink" | "realPath" | "readText" | "readTextIn" | "readStart" | "mayExecute";

export interface FakeHost extends Partial<Omit<Host, Looks>> {
  /** Added to {@link DEBIAN}. */
  readonly nodes?: Readonly<Record<string, Node>>;
  /** Taken away from it. */
  readonly without?: readonly string[];
}

/** Ann, in /home/ann/work, unless told otherwise. */
export const fakeHost = ({ nodes: added = {}, without = [], ...given }: FakeHost = {}): Host => {
  const nodes = Object.fromEntries(Object.entries({ ...DEBIAN, ...added }).filter(([path]) => !without.includes(path)));
  const found = (path: string, follow = true): Node | undefined => nodes[walk(nodes, path, follow)];
  return {
    arch: "x64",
    uid: 1001,
    gid: 1002,
    cwd: "/home/ann/work",
    executable: "/opt/bunker",
    environment: { HOME: "/home/ann", LANG: "de_DE.UTF-8", TERM: "xterm", SECRET: "s3cret" },
    mayMapIds: false,
    openToAll: () => true,
    ...given,
    nodeType: (path, { follow = true } = {}) => typeOf(found(path, follow)),
    readLink: (path) => String(found(path, false)).slice(1),
    realPath(path) {
      if (found(path) === undefined) throw new Error(`ENOENT: ${path}`);
      return walk(nodes, path, true);
    },
    list(path) {
      if (typeOf(found(path)) !== "directory") return undefined;
      const top = walk(nodes, path, true).replace(/\/$/, "");
      return Object.entries(nodes)
        .filter(([at]) => at !== "/" && at.slice(0, at.lastIndexOf("/")) === top)
        .map(([at, node]) => ({ name: at.slice(top.length + 1), type: typeOf(node) }))
        .sort((one, other) => (one.name < other.name ? -1 : 1));
    },
    mayExecute: (path) => ["file", "directory"].includes(typeOf(found(path))),
    readStart(path, bytesMax) {
      const node = found(path);
      return node?.startsWith("=") ? node.slice(1, bytesMax + 1) : undefined;
    },
    readTextIn(directory, path, bytesMax) {
      // Links are of the directory alone, as if it were the root.
      const inside = Object.fromEntries(
        Object.entries(nodes)
          .filter(([name]) => name.startsWith(`${directory}/`))
          .map(([name, node]) => [name.slice(directory.length), node]),
      );
      const node = reached(inside, path);
      return node?.startsWith("=") && Buffer.byteLength(node) - 1 <= bytesMax ? node.slice(1) : undefined;
    },
    readText(path, bytesMax) {
      const node = found(path);
      return node?.startsWith("=") && Buffer.byteLength(node) - 1 <= bytesMax ? node.slice(1) : undefined;
    },
  };
};

/** Root, with every right. */
export const ROOT: FakeHost = {
  uid: 0,
  gid: 0,
  mayMapIds: true,
  environment: { HOME: "/root" },
};
