/**
 * Everything of the host that the sandbox will see, looked up once.
 * @module
 */
import type { Cover, Entry, Host, Root } from "../../src/api.ts";
import { isAtOrBelow } from "../path.ts";
import type { Config } from "./config.ts";
import { whyNotShared } from "./cwd.ts";
import { lacksPlace, mountOf } from "./layout.ts";
import { withWishes } from "./mounts.ts";
import { groundOf, rootOf } from "./root.ts";
import { share, shareAll } from "./share.ts";
import { samePlace } from "./sources.ts";
import { bindOf, systemView } from "./system-view.ts";
import { STICKY, TMPFS_BYTES, TMPFS_INODES } from "./volumes.ts";
import type { Wishes } from "./wishes.ts";

export interface View {
  readonly root: Root;
  readonly entries: readonly Entry[];
  /** What is there unless something else is mounted there. */
  readonly defaults: readonly Entry[];
  /** What is hidden of all that. */
  readonly masks: readonly Cover[];
  /** Where the payload starts; without one, at home. */
  readonly workdir: string | undefined;
  readonly notes: readonly string[];
}

/** Where scripts find the Bun that is inside this binary. */
export const RUNTIME = "/run/bunker/bun";

export const scratch = (target: string, mode: number): Extract<Entry, { type: "tmpfs" }> => ({
  target,
  type: "tmpfs",
  sizeBytes: TMPFS_BYTES,
  inodes: TMPFS_INODES,
  mode,
});

export const RUN = scratch("/run", 0o755);
export const TMP = scratch("/tmp", STICKY);

/** What lies over a root directory of the user's, so that nothing is written there: only where it has a place for it. */
const defaultsOf = (root: Root, runtime: boolean, host: Host): readonly Entry[] => {
  if (root.type === "tmpfs") return [];
  const has = ({ target }: Entry): boolean =>
    host.nodeType(`${root.source}${target}`, { follow: false }) === "directory";
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
  const isInView =
    around !== undefined &&
    around.type !== "tmpfs" &&
    around.source === around.target &&
    isAtOrBelow(cwd, around.target);
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

const wishesOf = (config: Config): Wishes => ({
  volumes: config.volumes ?? [],
  overlays: config.overlays ?? [],
  tmpfs: config.tmpfs ?? [],
  write: config.write ?? [],
  files: config.files ?? [],
  readOnlyFiles: config.readOnlyFiles ?? [],
  symlinks: config.symlinks ?? [],
});

/** What masks are looked up in: all that is shown, and of it what the user has named. */
const masksOf = async (
  masks: readonly string[],
  entries: readonly Entry[],
  ground: readonly Entry[],
  host: Host,
): Promise<readonly Cover[]> => {
  const { findMasks } = await import("./masks.ts");
  return findMasks(masks, entries, ground, host);
};

const viewWithout = (config: Config, host: Host): { readonly view: View; readonly ground: readonly Entry[] } => {
  const root = rootOf(config, host);
  const ground = root.type === "directory" ? groundOf(root) : systemView(host);
  const wished = withWishes(ground, wishesOf(config), host);
  const isCwdWanted = root.type === "tmpfs" && config.cwd !== false;
  const { entries, workdir, notes } = isCwdWanted
    ? withCwd(wished, host)
    : { entries: wished, workdir: undefined, notes: [] };
  const shared = shareAll(readable(config, host), entries, host);
  const view: View = {
    root,
    defaults: defaultsOf(root, config.runtime ?? false, host),
    masks: [],
    entries: [
      ...shared.filter(({ target }) => target !== "/"),
      ...(config.runtime ? [bindOf(host, host.executable, RUNTIME, true)] : []),
    ],
    workdir: config.workdir ?? (root.type === "directory" ? "/" : workdir),
    notes,
  };
  return { view, ground };
};

/** Masks are few: what looks for them is read where there are some. */
export const viewOf = (config: Config, host: Host): View | Promise<View> => {
  const { view, ground } = viewWithout(config, host);
  const { masks = [] } = config;
  if (masks.length === 0) return view;
  const found = masksOf(masks, [...groundOf(view.root), ...view.entries], ground, host);
  return found.then((covers) => ({ ...view, masks: covers }));
};
