import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { ID_POOL_BASE } from "../../src/linux/idpool.ts";
import { childrenOf, eventually, statusOf } from "../support/host-processes.ts";
import { CALLERS, printed, runAs, SCRATCH, start } from "../support/sandboxes.ts";

describe.each(CALLERS)("namespaces of a sandbox that $name starts", (caller) => {
  test.each(["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"])("%s is another one than the host's", (name) => {
    const inside = printed(caller, "readlink", `/proc/self/ns/${name}`);
    expect(inside).toStartWith(`${name}:[`);
    expect(inside).not.toBe(readlinkSync(`/proc/self/ns/${name}`));
  });

  test("pid: it sees init and itself, and nothing of the host", () => {
    expect(printed(caller, "sh", "-c", "echo /proc/[0-9]*")).toBe("/proc/1 /proc/2");
  });

  test("pid: PID 1 inside is an ordinary process outside", async () => {
    const sandbox = start(caller, "sleep", "100");
    await eventually(
      () => childrenOf(sandbox.pid).length === 1 && childrenOf(childrenOf(sandbox.pid)[0] as number).length === 1,
    );
    const [init = 0] = childrenOf(sandbox.pid);
    expect(statusOf(init, "NSpid").split("\t")).toEqual([String(init), "1"]);
    sandbox.kill("SIGKILL");
    await sandbox.exited;
    expect(await eventually(() => statusOf(init, "Name") === "")).toBe(true);
  });

  test("pid: init shows nothing of itself and cannot be killed", () => {
    const look = "cat /proc/1/environ /proc/1/maps; ls /proc/1/fd; kill -KILL 1; kill -STOP 1; echo alive";
    const { stdout } = runAs(caller, "sh", "-c", `(${look}) 2>/dev/null`);
    expect(stdout).toBe("alive");
  });

  test("pid: orphans are reaped", () => {
    const orphan = "(sleep 0.05 &) ; sleep 0.3; cat /proc/[0-9]*/stat";
    expect(printed(caller, "sh", "-c", orphan)).not.toContain(" Z ");
  });

  test("pid: --no-init makes the program PID 1", () => {
    expect(printed(caller, "--no-init", "sh", "-c", "echo $$")).toBe("1");
  });

  test("uts: the names inside are its own, and the host keeps its name", () => {
    const before = hostname();
    expect(
      printed(
        caller,
        "--hostname",
        "web1",
        "--domainname",
        "lab",
        "sh",
        "-c",
        "hostname; cat /proc/sys/kernel/domainname",
      ),
    ).toBe("web1\nlab");
    expect(hostname()).toBe(before);
  });

  test("mnt: a directory of the host does not exist unless it is mounted in", () => {
    const data = `${SCRATCH}/data-${caller.name}`;
    mkdirSync(data, { recursive: true });
    writeFileSync(`${data}/file`, "seen");
    const look = ["sh", "-c", "cat /data/file || echo nothing"];
    expect(runAs(caller, ...look).stdout).toBe("nothing");
    expect(printed(caller, "-v", `${data}:/data:ro`, ...look)).toBe("seen");
    expect(runAs(caller, "-v", `${data}:/data:ro`, "touch", "/data/new").stderr).toContain("Read-only file system");
  });

  test("mnt: the root is read-only, the old one is gone, and nothing lets set-uid programs work", () => {
    expect(runAs(caller, "touch", "/new").stderr).toContain("Read-only file system");
    const mounts = printed(caller, "cat", "/proc/self/mountinfo").split("\n");
    expect(mounts.filter((line) => line.split(" ")[4] === "/")).toHaveLength(1);
    expect(mounts.filter((line) => !line.includes("nosuid"))).toEqual([]);
  });

  test("mnt: a working directory outside of the sandbox's root cannot be named", () => {
    for (const path of ["/proc/self/fd/3", "/proc/self/fd/4", "/nowhere"])
      expect(runAs(caller, "-w", path, "pwd").exitCode).toBe(125);
  });

  test("mnt: a tmpfs has its size", () => {
    const { stdout } = runAs(
      caller,
      "--tmpfs",
      "/small:size=64k",
      "sh",
      "-c",
      "head -c 200000 /dev/zero >/small/f; wc -c </small/f",
    );
    expect(Number(stdout)).toBe(65536);
  });

  test("net: there is loopback, up, and nothing else", () => {
    expect(
      printed(caller, "sh", "-c", "ls /sys/class/net 2>/dev/null; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '"),
    ).toBe("lo");
    const connect =
      "import socket; s = socket.create_server(('127.0.0.1', 5432)); socket.create_connection(('127.0.0.1', 5432)); print('ok')";
    expect(printed(caller, "python3", "-c", connect)).toBe("ok");
  });

  test("net: --network host is the host's", () => {
    expect(printed(caller, "--network", "host", "readlink", "/proc/self/ns/net")).toBe(
      readlinkSync("/proc/self/ns/net"),
    );
  });

  test("ipc: segments are its own", () => {
    const made = printed(caller, "sh", "-c", "ipcmk -M 4096 >/dev/null; ipcs -m | grep -c 0x");
    expect(made).toBe("1");
    expect(printed(caller, "sh", "-c", "ipcs -m | grep -c 0x || true")).toBe("0");
  });

  test("user: root inside is an unprivileged id outside", async () => {
    const sandbox = start(caller, "--user", "root", "sh", "-c", "id -u; exec sleep 100");
    const reader = sandbox.stdout.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("0\n");
    const [init = 0] = childrenOf(sandbox.pid);
    const outside = Number(statusOf(init, "Uid").split("\t")[0]);
    expect(outside).toBe(caller.uid === 0 ? ID_POOL_BASE + init : caller.uid);
    expect(readFileSync(`/proc/${init}/uid_map`, "utf8").trim().split(/\s+/)).toEqual(["0", String(outside), "1"]);
    sandbox.kill("SIGKILL");
    await sandbox.exited;
  });

  test("cgroup: it sees itself at the root of the hierarchy", () => {
    for (const line of printed(caller, "cat", "/proc/self/cgroup").split("\n")) expect(line).toEndWith(":/");
  });

  test("time: offsets move its clocks and no other", () => {
    const uptime = Number(printed(caller, "--boottime-offset", "1000000", "cut", "-d.", "-f1", "/proc/uptime"));
    expect(uptime).toBeGreaterThan(1_000_000);
    expect(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0])).toBeLessThan(uptime);
  });
});

test.skipIf(CALLERS.length < 2)("two sandboxes of root never share a kernel id (skipped unless root)", async () => {
  const [root] = CALLERS as [(typeof CALLERS)[number]];
  const both = [start(root, "sleep", "100"), start(root, "sleep", "100")];
  await eventually(() => both.every(({ pid }) => childrenOf(pid).length === 1));
  // Until root has mapped an id and the launcher has taken it, the launcher is still what root cloned.
  const idOf = (pid: number): number => Number(statusOf(childrenOf(pid)[0] as number, "Uid").split("\t")[0]);
  expect(await eventually(() => both.every(({ pid }) => idOf(pid) >= ID_POOL_BASE))).toBe(true);
  const ids = both.map(({ pid }) => idOf(pid));
  expect(new Set(ids).size).toBe(2);
  for (const sandbox of both) sandbox.kill("SIGKILL");
  await Promise.all(both.map(({ exited }) => exited));
});
