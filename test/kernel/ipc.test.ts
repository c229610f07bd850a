/**
 * The IPC namespace: System V objects and POSIX message queues of the sandbox's own.
 * @module
 */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { box, python, shell } from "../support/box.ts";
import { describeForCallers, testWith } from "../support/callers.ts";

const KEY = 0x6275_6e6b;

/** shmget of a key that exists: its id, or -1. */
const SHMGET = `import ctypes, json; print(json.dumps(ctypes.CDLL(None).shmget(${KEY}, 0, 0)))`;

/** Keeps a segment of the host's for as long as `use` runs. */
const withSegment = (use: () => void): void => {
  const create = `import ctypes; print(ctypes.CDLL(None).shmget(${KEY}, 4096, 0o1666))`;
  const id = Number(Bun.spawnSync(["python3", "-c", create]).stdout.toString());
  try {
    expect(id).toBeGreaterThanOrEqual(0);
    use();
  } finally {
    Bun.spawnSync(["python3", "-c", `import ctypes; ctypes.CDLL(None).shmctl(${id}, 0, 0)`]);
  }
};

describeForCallers("the IPC namespace", (caller) => {
  test("is another one than the host's", () => {
    expect(shell(caller, "readlink /proc/self/ns/ipc")).not.toBe(readlinkSync("/proc/self/ns/ipc"));
  });

  testWith(["python3"], "does not have the host's shared memory; with --ipc host it does", () => {
    withSegment(() => {
      expect(python(caller, SHMGET)).toBe(-1);
      expect(shell(caller, "cat /proc/sysvipc/shm | wc -l")).toBe("1");
      expect(python(caller, SHMGET, { flags: ["--ipc", "host"] })).not.toBe(-1);
    });
  });

  testWith(["ipcmk"], "has objects of its own", () => {
    expect(shell(caller, "ipcmk -M 4096 -Q -S 1 >/dev/null; cat /proc/sysvipc/shm | wc -l")).toBe("2");
    expect(shell(caller, "cat /proc/sysvipc/msg /proc/sysvipc/sem | wc -l")).toBe("2");
  });

  testWith(["python3"], "has message queues and shared memory that end with it", () => {
    const script = `
import ctypes, json, os
libc = ctypes.CDLL(None)
made = libc.mq_open(b"/queue", os.O_CREAT | os.O_RDWR, 0o600, None)
open("/dev/shm/segment", "w").write("x")
print(json.dumps([made >= 0, os.listdir("/dev/mqueue"), os.listdir("/dev/shm")]))`;
    expect(python(caller, script)).toEqual([true, ["queue"], ["segment"]]);
    expect(existsSync("/dev/shm/segment")).toBe(false);
    if (existsSync("/dev/mqueue")) expect(readdirSync("/dev/mqueue")).not.toContain("queue");
    expect(box(caller, ["ls", "-A", "/dev/mqueue", "/dev/shm"]).stdout).toBe("/dev/mqueue:\n\n/dev/shm:\n");
  });
});
