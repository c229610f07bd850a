import { describe, expect, test } from "bun:test";
import { syscallsArm64 } from "../../src/linux/syscalls.arm64.ts";
import { type SyscallName, syscallNumber } from "../../src/linux/syscalls.ts";
import { syscallsX64 } from "../../src/linux/syscalls.x64.ts";

describe("system calls", () => {
  // Numbers from syscalls(2)'s references: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
  test.each<[SyscallName, number, number]>([
    ["read", 0, 63],
    ["mmap", 9, 222],
    ["fcntl", 72, 25],
    ["clone", 56, 220],
    ["umount2", 166, 39],
    ["mount", 165, 40],
    ["newfstatat", 262, 79],
    ["openat", 257, 56],
    ["renameat", 264, 38],
    ["clone3", 435, 435],
    ["mount_setattr", 442, 442],
    ["landlock_create_ruleset", 444, 444],
  ])("%s is %i on x64 and %i on arm64", (name, x64, arm64) => {
    expect([syscallNumber(name, "x64"), syscallNumber(name, "arm64")]).toEqual([x64, arm64]);
  });

  test("no two calls share a number", () => {
    for (const table of [syscallsX64, syscallsArm64]) {
      expect(new Set(Object.values(table)).size).toBe(Object.keys(table).length);
    }
  });

  test.each(["open", "mkdir", "dup2", "poll", "fork", "arch_prctl"])(
    "arm64 has no %s, so programs cannot name it",
    (name) => {
      expect(name in syscallsX64).toBeTrue();
      expect(name in syscallsArm64).toBeFalse();
    },
  );
});
