import { describe, expect, test } from "bun:test";
import devices from "../../plugins/devices.ts";
import { planOf } from "../support/plan.ts";

describe("devices: plan", () => {
  test("makes a /dev of its own with six devices, terminals and shared memory", () => {
    expect(planOf(devices, {}, { has: ["ipc"] })).toMatchInlineSnapshot(`
      "/dev  tmpfs ro 65536 bytes, 64 inodes, 0755
      /dev/null  rw device /dev/null
      /dev/zero  rw device /dev/zero
      /dev/full  rw device /dev/full
      /dev/random  rw device /dev/random
      /dev/urandom  rw device /dev/urandom
      /dev/tty  rw device /dev/tty
      /dev/ptmx  → pts/ptmx
      /dev/fd  → /proc/self/fd
      /dev/stdin  → /proc/self/fd/0
      /dev/stdout  → /proc/self/fd/1
      /dev/stderr  → /proc/self/fd/2
      /dev/pts  devpts newinstance,ptmxmode=0666,mode=0620,max=64
      /dev/shm  tmpfs rw 67108864 bytes, 65536 inodes, 01777
      /dev/mqueue  mqueue"
    `);
  });

  test("shows no message queues of the host's", () => {
    expect(planOf(devices)).not.toContain("mqueue");
  });
});
