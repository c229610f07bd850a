/**
 * Reads what errors/hints.ts judges by. Only called when a launch has failed.
 * @module
 */
import { release } from "node:os";
import type { HostFacts } from "../errors/hints.ts";
import type { Host } from "../plugin/host.ts";
import { askLandlockAbi } from "./landlock.ts";

const FILE_BYTES_MAX = 1024 * 1024;

const setting = (host: Host, path: string): number | undefined => {
  const text = host.readText(`/proc/sys/${path}`, FILE_BYTES_MAX)?.trim();
  return text === undefined || text === "" ? undefined : Number(text);
};

/** binfmt_misc is mounted there on every host and hides nothing. */
const hasMountBelowProc = (mountinfo: string): boolean =>
  /^\S+ \S+ \S+ \S+ \/proc\/(?!sys\/fs\/binfmt_misc )/m.test(mountinfo);

/** The facts of this host that decide whether a sandbox can be started. */
export const readHostFacts = (host: Host, isStranger: boolean): HostFacts => ({
  maxUserNamespaces: setting(host, "user/max_user_namespaces"),
  unprivilegedUsernsClone: setting(host, "kernel/unprivileged_userns_clone"),
  apparmorRestrictUserns: setting(host, "kernel/apparmor_restrict_unprivileged_userns"),
  seccompMode: Number(/^Seccomp:\s*(\d)/m.exec(host.readText("/proc/self/status", FILE_BYTES_MAX) ?? "")?.[1] ?? 0),
  procMasked: hasMountBelowProc(host.readText("/proc/self/mountinfo", FILE_BYTES_MAX) ?? ""),
  kernelRelease: release(),
  landlockAbi: askLandlockAbi(),
  uid: host.uid,
  executable: host.executable,
  isStranger,
});
