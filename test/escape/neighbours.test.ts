/**
 * What sandboxes and the host could share without meaning to.
 *
 * CVE-2020-15257 (containerd): abstract sockets in a shared network namespace. Pathname sockets (docker.sock) behind a read-only mount.
 * CVE-2014-8989, CVE-2018-7169, CVE-2022-36109: groups that were dropped or kept. isolate before 2.6: a shared /dev/shm.
 * CVE-2017-5226, CVE-2019-10063, CVE-2023-28100 (bubblewrap, Flatpak): typing into the caller's terminal.
 * @module
 */
import { expect, test } from "bun:test";
import { box, boxed, python, running, shell } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { outcomesOf } from "../support/system-calls.ts";

const scratch = scratchDirectory();

describeForCallers("neighbours", (caller) => {
  testWith(["python3"], "have abstract sockets apart", async () => {
    const name = `escape-${process.pid}-${caller.name}`;
    const listen = `import socket, time; s = socket.socket(socket.AF_UNIX); s.bind("\\0${name}"); s.listen(); print("ready", flush=True); time.sleep(60)`;
    const server = Bun.spawn(["python3", "-c", listen], { stdout: "pipe" });
    try {
      await server.stdout.getReader().read();
      const connect = `
import errno, json, socket
try: socket.socket(socket.AF_UNIX).connect("\\0${name}"); print(json.dumps("connected"))
except OSError as error: print(json.dumps(errno.errorcode[error.errno]))`;
      expect(python(caller, connect)).toBe("ECONNREFUSED");
      expect(["EPERM", "ECONNREFUSED"]).toContain(python(caller, connect, { flags: ["--network", "host"] }) as string);
    } finally {
      server.kill();
    }
  });

  test("have no control socket of the host's in view", () => {
    const script = "find / -xdev -type s 2>/dev/null; ls /run /var/run 2>/dev/null; exit 0";
    expect(shell(caller, script).replace(/bunker|secrets|\s|\/(var\/)?run:/g, "")).toBe("");
  });

  test("have shared memory, queues and semaphores apart", async () => {
    await using one = await running(caller, { before: "echo secret >/dev/shm/secret; ipcmk -M 4096 >/dev/null 2>&1" });
    expect(one.payload).toBeGreaterThan(0);
    expect(shell(caller, "ls /dev/shm /dev/mqueue; tail -n +2 /proc/sysvipc/shm | wc -l")).toBe(
      "/dev/mqueue:\n\n/dev/shm:\n0",
    );
  });

  testWith(["python3"], "cannot drop or take groups", () => {
    for (const flags of [[], ["--user", "root"]]) {
      const outcomes = outcomesOf(
        caller,
        [
          ["setgroups", 0, 0],
          ["setgid", 0],
          ["setresuid", 0, 0, 0],
        ],
        { flags },
      );
      if (flags.length === 0) expect(Object.values(outcomes)).not.toContain("ok");
      expect(shell(caller, "grep ^Groups: /proc/self/status | tr -d '\\t '", { flags })).toBe("Groups:");
    }
  });

  testWith(["python3"], "cannot type into a terminal, with the upper half of the request set either", () => {
    const outcomes = outcomesOf(caller, [
      ["ioctl", 0, 0x5412, 0],
      ["ioctl", 0, 0x1_0000_5412n, 0],
      ["ioctl", 0, 0x541c, 0],
      ["ioctl", 0, 0x5423, 0],
    ]);
    expect(Object.values(outcomes)).toEqual(["EPERM", "EPERM", "EPERM", "EPERM"]);
  });

  test("gain nothing by setuid and capability bits, on volumes either", () => {
    const program = scratch.at(`suid-${caller.name}`);
    Bun.spawnSync(["sh", "-c", `cp /usr/bin/id ${program}; chmod 4755 ${program}`]);
    const flags = ["-v", `${program}:/suid`];
    expect(boxed(caller, ["/suid", "-u"], { flags })).toBe(boxed(caller, ["id", "-u"], { flags }));
    expect(shell(caller, "grep -v nosuid /proc/self/mountinfo | wc -l", { flags })).toBe("0");
  });

  test("leave no setuid file behind on a writable volume that would be somebody's", () => {
    const directory = scratch.directory(`left-${caller.name}`);
    box(caller, ["sh", "-c", "cp /usr/bin/id /data/left; chmod 6755 /data/left"], {
      flags: ["-v", `${directory}:/data`],
    });
    const { stdout } = Bun.spawnSync(["stat", "-c", "%u", `${directory}/left`]);
    // Never root's: nobody gains by it.
    expect(stdout.toString().trim()).not.toBe("0");
  });

  test("see nothing of the caller's environment", () => {
    const env = {
      AWS_SECRET_ACCESS_KEY: "x",
      SSH_AUTH_SOCK: "/tmp/agent",
      LD_PRELOAD: "",
      BASH_ENV: "/tmp/x",
      NODE_OPTIONS: "--x",
    };
    expect(shell(caller, "env | cut -d= -f1 | sort | tr '\\n' ' '", { env })).toBe(
      "HOME LANG LOGNAME PATH PWD TMPDIR USER ",
    );
    expect(shell(caller, "cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c SECRET; exit 0", { env })).toBe(
      "0",
    );
  });
});
