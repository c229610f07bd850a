/**
 * Everything of the host that the sandbox will see, looked up once.
 * @module
 */
import { type Entry, type Host, type Root, refuse } from "../../src/api.ts";
import { isAtOrBelow } from "../path.ts";
import type { Config } from "./config.ts";
import { whyNotShared } from "./cwd.ts";
import { lacksPlace, mountOf } from "./layout.ts";
import { realSource, samePlace, withWishes } from "./mounts.ts";
import { share, shareAll } from "./share.ts";
import { bindOf, systemView } from "./system-view.ts";
import { STICKY, TMPFS_BYTES, TMPFS_INODES } from "./volumes.ts";

export interface View {
  readonly root: Root;
  readonly entries: readonly Entry[];
  /** What is there unless something else is mounted there. */
  readonly covers: readonly Entry[];
  /** Where the payload starts; without one, at home. */
  readonly workdir: string | undefined;
  readonly notes: readonly string[];
}

/** Names, links and a few small files: what is large is mounted. */
const ROOT_BYTES = 16 * 1_048_576;
const ROOT_INODES = 4096;

/** Where scripts find the Bun that is inside this binary. */
export const RUNTIME = "/run/bunker/bun";

const rootOf = ({ directory, readOnly = false }: Config, host: Host): Root => {
  if (directory === undefined) return { type: "tmpfs", sizeBytes: ROOT_BYTES, inodes: ROOT_INODES };
  const source = realSource("the directory of --rootfs", directory, host);
  if (host.nodeType(source) === "directory" && source !== "/") return { type: "directory", source, readOnly };
  return refuse({
    code: "E_ROOTFS",
    message: `${JSON.stringify(directory)} cannot be the root`,
    hint: "it must be a directory other than the host's own root",
  });
};

/** Stands for a root directory while it is decided what lies on what. */
const groundOf = (root: Root): readonly Entry[] =>
  root.type === "directory"
    ? [{ target: "/", type: "bind", source: root.source, node: "directory", readOnly: root.readOnly }]
    : [];

export const scratch = (target: string, mode: number): Extract<Entry, { type: "tmpfs" }> => ({
  target,
  type: "tmpfs",
  sizeBytes: TMPFS_BYTES,
  inodes: TMPFS_INODES,
  mode,
});

export const RUN = scratch("/run", 0o755);
export const TMP = scratch("/tmp", STICKY);

/** What covers a root directory of the user's, so that nothing is written there: only where it has a place for it. */
const coversOf = (root: Root, runtime: boolean, host: Host): readonly Entry[] => {
  if (root.type === "tmpfs") return [];
  const has = ({ target }: Entry): boolean => host.nodeType(`${root.source}${target}`) === "directory";
  return [TMP, RUN].filter((entry) => has(entry) || (entry === RUN && runtime));
};

interface Cwd {
  readonly entries: readonly Entry[];
  readonly workdir: string | undefined;
  readonly notes: readonly string[];
}

const withCwd = (entries: readonly Entry[], host: Host): Cwd => {
  if (host.nodeType(host.cwd) === "missing")
    return { entries, workdir: undefined, notes: ["The current directory is gone."] };
  const cwd = host.realPath(host.cwd);
  const around = mountOf(cwd, entries);
  const isInView = around?.type === "bind" && around.source === around.target && isAtOrBelow(cwd, around.target);
  if (isInView) return { entries, workdir: cwd, notes: [] };
  // What people do not ask for by name makes nothing in a volume of theirs.
  const why =
    whyNotShared(cwd, host) ?? (lacksPlace(cwd, entries, host) ? "a mount of yours hides its place" : undefined);
  if (why === undefined) return { entries: share(cwd, entries, host), workdir: cwd, notes: [] };
  return {
    entries,
    workdir: undefined,
    notes: [`The current directory ${cwd} is not shown: ${why}. Use -v or --allow-read to show it.`],
  };
};

const readable = ({ read = [], shared = [] }: Config, host: Host): readonly string[] =>
  [...read, ...shared].map((path) => samePlace("the path to read", path, host).target);

export const viewOf = (config: Config, host: Host): View => {
  const root = rootOf(config, host);
  const ground = root.type === "directory" ? groundOf(root) : systemView(host);
  const wished = withWishes(
    ground,
    { volumes: config.volumes ?? [], tmpfs: config.tmpfs ?? [], write: config.write ?? [] },
    host,
  );
  const isCwdWanted = root.type === "tmpfs" && config.cwd !== false;
  const { entries, workdir, notes } = isCwdWanted
    ? withCwd(wished, host)
    : { entries: wished, workdir: undefined, notes: [] };
  const shared = shareAll(readable(config, host), entries, host);
  return {
    root,
    covers: coversOf(root, config.runtime ?? false, host),
    entries: [
      ...shared.filter(({ target }) => target !== "/"),
      ...(config.runtime ? [bindOf(host, host.executable, RUNTIME, true)] : []),
    ],
    workdir: config.workdir ?? (root.type === "directory" ? "/" : workdir),
    notes,
  };
};
