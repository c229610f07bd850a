/**
 * What any program can find out about the machine it runs on, without asking for anything.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { homedir, hostname } from "node:os";

export interface Group {
  readonly title: string;
  /** Its id in /proc/self/ns, for a namespace: two programs with the same id share it. */
  readonly id?: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
}

export interface Facts {
  readonly groups: readonly Group[];
  /** The places that were looked for, so that another program can look for the same. */
  readonly paths: readonly string[];
}

/** Most places are refused to a sandbox: no answer is an answer too. */
const attempt = <T>(look: () => T, otherwise: T): T => {
  try {
    return look();
  } catch {
    return otherwise;
  }
};

const read = (path: string): string => attempt(() => readFileSync(path, "utf8").trim(), "–");
const list = (path: string): string[] => attempt(() => readdirSync(path).sort(), []);
const records = (path: string, header: number): number => Math.max(0, read(path).split("\n").length - header);
const words = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(" "));

const interfaces = (): string[] =>
  read("/proc/net/dev")
    .split("\n")
    .flatMap((line) => /^\s*(\S+):/.exec(line)?.[1] ?? []);

const status = (field: string): string =>
  new RegExp(`^${field}:[ \\t]*(.*)$`, "m").exec(read("/proc/self/status"))?.[1]?.replace(/\s+/g, " ") ?? "–";

const capabilities = (field: string): string => {
  const count = status(field)
    .replace(/./g, (digit) => Number.parseInt(digit, 16).toString(2))
    .replaceAll("0", "").length;
  return count === 0 ? "none" : `${count}`;
};

const maps = (path: string): string => read(path).replace(/\s+/g, " ");
const seen = (path: string): string => (existsSync(path) ? `yes, ${list(path).length} entries` : "no");
const offsets = (): string => read("/proc/self/timens_offsets").replace(/\s+/g, " ");

const namespace = (title: string, name: string, facts: Group["facts"]): Group => ({
  title,
  id: attempt(() => readlinkSync(`/proc/self/ns/${name}`).replace(/\D/g, ""), "–"),
  facts,
});

const environment = (): string => {
  const names = Object.keys(process.env).sort();
  return `${names.length}: ${names.slice(0, 12).join(" ")}${names.length > 12 ? " …" : ""}`;
};

const places = (): string[] => [...new Set(["/data", "/root", "/home", homedir(), "/var", "/sys"])];

export const lookAround = (paths: readonly string[] = places()): Facts => ({
  paths,
  groups: [
    namespace("user", "user", [
      ["uid, gid", `${process.getuid?.()}, ${process.getgid?.()}`],
      ["other groups", status("Groups") || "none"],
      ["uid map", maps("/proc/self/uid_map")],
    ]),
    namespace("pid", "pid", [
      ["own pid", `${process.pid}`],
      ["processes", `${list("/proc").filter((name) => /^\d+$/.test(name)).length}`],
    ]),
    namespace("mount", "mnt", [
      ["mounts", `${records("/proc/self/mounts", 0)}`],
      ["/", words(list("/"))],
      ...paths.map((path) => [path, seen(path)] as const),
    ]),
    namespace("network", "net", [["interfaces", words(interfaces())]]),
    namespace("uts", "uts", [
      ["host name", hostname()],
      ["domain name", read("/proc/sys/kernel/domainname")],
    ]),
    namespace("ipc", "ipc", [
      ["shared memory", `${records("/proc/sysvipc/shm", 1)} segments`],
      ["message queues", `${records("/proc/sysvipc/msg", 1)}`],
    ]),
    namespace("cgroup", "cgroup", [["own group", read("/proc/self/cgroup").replace(/\s+/g, " ")]]),
    namespace("time", "time", [
      ["offsets", offsets()],
      ["up", `${Math.floor(Number.parseFloat(read("/proc/uptime")))} s`],
    ]),
    {
      title: "privileges",
      facts: [
        ["capabilities", capabilities("CapEff")],
        ["to be gained", capabilities("CapBnd")],
        ["no_new_privs", status("NoNewPrivs") === "1" ? "yes" : "no"],
        ["seccomp filters", status("Seccomp_filters")],
      ],
    },
    { title: "environment", facts: [["variables", environment()]] },
  ],
});
