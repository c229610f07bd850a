import { describe, expect, test } from "bun:test";
import { strictProfile } from "../../../src/seccomp/profiles/strict.ts";
import { ARCHES, ask } from "../../support/seccomp.ts";

const HIGH = 1n << 32n;
const O_CREAT = 0o100;
const O_TMPFILE = 0o20200000;
const [SETUID, SETGID] = [0o4755, 0o2755];

describe.each(ARCHES)("the strict profile on %s", (arch) => {
  const answer = ask(strictProfile(), arch);

  test("has no socket, but pairs of connected ones", () => {
    for (const family of [1, 2, 10, 16, 17, 38, 40]) expect(answer("socket", family, 1, 0)).toBe("EAFNOSUPPORT");
    for (const name of ["bind", "listen", "accept", "accept4", "connect"]) expect(answer(name)).toBe("EPERM");
    const pair = (type: number): string => answer("socketpair", 1, type, 0);
    expect([pair(1), pair(5), pair(1 | 0o2000000), pair(2), pair(3)]).toEqual([
      "allow",
      "allow",
      "allow",
      "EAFNOSUPPORT",
      "EAFNOSUPPORT",
    ]);
  });

  test("makes no setuid file, by no call that has a mode", () => {
    for (const mode of [SETUID, SETGID, 0o6000]) {
      expect(answer("fchmod", 3, mode)).toBe("EPERM");
      expect(answer("fchmodat", -100, 0, mode)).toBe("EPERM");
      expect(answer("fchmodat2", -100, 0, mode)).toBe("EPERM");
      expect(answer("openat", -100, 0, O_CREAT, mode)).toBe("EPERM");
      expect(answer("openat", -100, 0, O_TMPFILE, mode)).toBe("EPERM");
      expect(answer("mknodat", -100, 0, 0o100000 | mode)).toBe("EPERM");
      expect(answer("fchmod", 3, BigInt(mode) | HIGH)).toBe("EPERM");
    }
    expect(answer("openat2")).toBe("ENOSYS");
  });

  test("makes other files, and opens any: a mode that is not asked for may be anything", () => {
    expect(answer("fchmod", 3, 0o1777)).toBe("allow");
    expect(answer("openat", -100, 0, O_CREAT | 1, 0o666)).toBe("allow");
    expect(answer("openat", -100, 0, 0, 0xffffffffffffffffn)).toBe("allow");
    for (const mode of [0o010644, 0o100644, 0o140755, 0o644]) expect(answer("mknodat", -100, 0, mode)).toBe("allow");
  });

  test("makes no device", () => {
    for (const type of [0o020000, 0o060000]) expect(answer("mknodat", -100, 0, type | 0o600)).toBe("EPERM");
  });

  test("has the requests of terminals and descriptors, and says of others that there is none", () => {
    for (const request of [0x5401, 0x5402, 0x5413, 0x541b, 0x5421, 0x5451, 0x802c542a])
      expect(answer("ioctl", 0, request)).toBe("allow");
    for (const request of [0x5412, 0x541c, 0x5423, 0x8933, 0x40049409, 0x1261])
      expect(answer("ioctl", 0, request)).toBe("ENOTTY");
    expect(answer("ioctl", 0, BigInt(0x5412) | HIGH)).toBe("ENOTTY");
  });

  test("denies what the default profile has for servers and administrators", () => {
    const names =
      "setuid setgroups shmget semget msgget mq_open splice tee io_setup sync syncfs sched_setscheduler cachestat";
    for (const name of names.split(" ")) expect([name, answer(name)]).toEqual([name, "EPERM"]);
  });

  test("denies all that the default profile denies", () => {
    for (const name of ["ptrace", "mount", "unshare", "keyctl", "bpf", "userfaultfd"])
      expect(answer(name)).toBe("EPERM");
    expect([answer("clone3"), answer("io_uring_setup"), answer(999)]).toEqual(["ENOSYS", "ENOSYS", "ENOSYS"]);
    expect([answer("clone", 0x11), answer("clone", 0x10000011)]).toEqual(["allow", "EPERM"]);
  });

  test("leaves to the launcher what it still has to do", () => {
    for (const name of ["execve", "write", "exit_group", "prctl", "capset", "close_range", "rt_sigprocmask"])
      expect(answer(name)).toBe("allow");
  });
});

test("by its old calls x64 makes no setuid file either", () => {
  const answer = ask(strictProfile());
  expect([answer("chmod", 0, SETUID), answer("creat", 0, SETUID), answer("open", 0, O_CREAT, SETGID)]).toEqual(
    Array(3).fill("EPERM"),
  );
  expect([answer("mknod", 0, 0o100000 | SETUID), answer("mknod", 0, 0o020666)]).toEqual(["EPERM", "EPERM"]);
  expect([answer("chmod", 0, 0o755), answer("creat", 0, 0o644), answer("open", 0, 0, 0o7777)]).toEqual(
    Array(3).fill("allow"),
  );
});
