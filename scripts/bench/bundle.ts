/**
 * An OCI bundle with the same view of the host, for runtimes that want one.
 * @module
 */
import { chown, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { LINKS, PATH, TMPFS, VISIBLE } from "./host.ts";

/** Namespaces' ids outside: an unprivileged pair that stands for root inside. */
const ID = 100_000;
const NAMESPACES = ["user", "pid", "mount", "network", "ipc", "uts", "cgroup"];

const mount = (destination: string, type: string, options: readonly string[], source: string = type) => ({
  ...{ destination, type, source },
  options,
});

const bind = (path: string) => mount(path, "bind", ["rbind", "ro", "nosuid", "nodev"], path);
const tmpfs = (path: string) => mount(path, "tmpfs", ["nosuid", "nodev", "mode=1777"]);

const configuration = (args: readonly string[], cwd: string) => ({
  ociVersion: "1.0.2",
  hostname: "bunker",
  process: {
    ...{ args, cwd, env: [`PATH=${PATH}`], user: { uid: 0, gid: 0 } },
    ...{ noNewPrivileges: true, capabilities: {}, terminal: false },
  },
  root: { path: "rootfs", readonly: true },
  mounts: [
    ...[mount("/proc", "proc", ["nosuid", "noexec", "nodev"]), mount("/dev", "tmpfs", ["nosuid", "mode=755"])],
    ...["/dev/shm", ...TMPFS].map(tmpfs),
    ...[...VISIBLE, cwd].map(bind),
  ],
  linux: {
    namespaces: NAMESPACES.map((type) => ({ type })),
    uidMappings: [{ containerID: 0, hostID: ID, size: 1 }],
    gidMappings: [{ containerID: 0, hostID: ID, size: 1 }],
  },
});

/** Writes `directory`, a bundle that runs `args`. */
export const writeBundle = async (directory: string, args: readonly string[]): Promise<void> => {
  const root = join(directory, "rootfs");
  await mkdir(root, { recursive: true });
  for (const [path, target] of LINKS) await symlink(target, join(root, path));
  await Bun.write(join(directory, "config.json"), JSON.stringify(configuration(args, process.cwd())));
  // The mapped root is nobody special on the host: it makes its mount points itself, the first time.
  await chown(root, ID, ID);
};
