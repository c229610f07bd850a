/**
 * The tools that people use today, told to do the same.
 * @module
 */
import { type Absent, type Contender, installed, running, tried } from "./contender.ts";
import { LINKS, PATH, PAYLOAD, SLEEP, TMPFS, VISIBLE } from "./host.ts";

const here = process.cwd();

const BUBBLEWRAP = [
  ...["--unshare-all", "--die-with-parent", "--hostname", "bunker", "--cap-drop", "ALL"],
  ...VISIBLE.flatMap((path) => ["--ro-bind", path, path]),
  ...LINKS.flatMap(([path, target]) => ["--symlink", target, path]),
  ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/dev/shm"],
  ...TMPFS.flatMap((path) => ["--tmpfs", path]),
  ...["--ro-bind", here, here, "--chdir", here, "--remount-ro", "/"],
  ...["--clearenv", "--setenv", "PATH", PATH, "--"],
];

const UNSHARE = ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--net", "--ipc", "--uts", "--cgroup"];

const command = (name: string, flags: readonly string[], note?: string): Promise<Contender | Absent> => {
  const path = installed(name);
  if (path === undefined) return Promise.resolve({ name, absent: "not installed" });
  const contender = { name, start: running([path, ...flags, ...PAYLOAD]), sleeping: [path, ...flags, ...SLEEP] };
  return tried(note === undefined ? contender : { ...contender, note });
};

export const bubblewrap = (): Promise<Contender | Absent> => command("bwrap", BUBBLEWRAP);

export const unshare = (): Promise<Contender | Absent> =>
  command("unshare", [...UNSHARE, "--mount-proc"], "namespaces and /proc, no root of its own");
