/**
 * The mount namespace: what there is of the host, and that nothing else is (security.md, rows 10 to 13 and 42).
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { box, running, shell } from "../support/box.ts";
import { describeForCallers } from "../support/callers.ts";
import { type Mounted, parseMounts } from "../support/mounts.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
scratch.file("data/file", "of the host");

const hostRoot = (): Mounted | undefined =>
  parseMounts(readFileSync("/proc/self/mountinfo", "utf8")).find(({ target }) => target === "/");

describeForCallers("the mount namespace", (caller) => {
  test("is another one than the host's, and the host's mounts stay what they were", async () => {
    const before = readFileSync("/proc/self/mountinfo", "utf8");
    await using sandbox = await running(caller);
    expect(readlinkSync(`/proc/${sandbox.payload}/ns/mnt`)).not.toBe(readlinkSync("/proc/self/ns/mnt"));
    expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(before);
  });

  test("has no directory of the host's that was not named", () => {
    const look = `ls ${scratch.at("data")} /var/lib /boot /root /sys/kernel /run/systemd 2>/dev/null | wc -l`;
    expect(shell(caller, look)).toBe("0");
    expect(shell(caller, "ls -A / | tr '\n' ' '")).toMatch(/^bin dev etc home (lib\w* )+proc run sbin tmp usr var $/);
  });

  test("has a root of its own, with nothing of the host's root above or below it", () => {
    const mounts = parseMounts(shell(caller, "cat /proc/self/mountinfo"));
    expect(mounts.filter(({ target }) => target === "/")).toMatchObject([{ root: "/", type: "tmpfs" }]);
    expect(mounts.filter(({ root, type }) => root === "/" && type === hostRoot()?.type && type !== "tmpfs")).toEqual(
      [],
    );
    expect(shell(caller, "cd ../../../..; pwd; ls -di / /.. | cut -d' ' -f1 | uniq | wc -l")).toBe("/\n1");
    expect(box(caller, ["ls", "/proc/1/root/"]).exitCode).not.toBe(0);
  });

  test("is nosuid everywhere, and nodev except where the devices are", () => {
    const mounts = parseMounts(shell(caller, "cat /proc/self/mountinfo"));
    expect(mounts.filter(({ options }) => !options.includes("nosuid"))).toEqual([]);
    const withDevices = mounts.filter(({ options }) => !options.includes("nodev")).map(({ target }) => target);
    const devices = ["full", "null", "pts", "random", "tty", "urandom", "zero"].map((name) => `/dev/${name}`);
    expect(withDevices.sort()).toEqual(devices);
  });

  test("limits every file system in memory, in size and in inodes", () => {
    const flags = ["--tmpfs", "/t", "--overlay", "/usr/share:/o", "--file", "/f=x", "--mask", "/usr/bin/env"];
    const mounts = parseMounts(shell(caller, "cat /proc/self/mountinfo", { flags }));
    const inMemory = mounts.filter(({ type }) => type === "tmpfs");
    expect(inMemory.length).toBeGreaterThan(10);
    const isLimited = ({ superOptions }: Mounted): boolean =>
      ["size=", "nr_inodes="].every((key) => superOptions.some((option) => new RegExp(`^${key}[1-9]`).test(option)));
    expect(inMemory.filter((mount) => !isLimited(mount))).toEqual([]);
  });

  test("lets nobody change the host's devices themselves, not even the host's root", () => {
    const flags = caller.name === "root" ? ["--userns", "host"] : ["--user", "root"];
    for (const script of ["chmod 600 /dev/null", "touch -d 2001-01-01 /dev/zero", "rm /dev/full"])
      expect(box(caller, ["sh", "-c", script], { flags }).exitCode).not.toBe(0);
    expect(shell(caller, "echo x >/dev/null; head -c 3 /dev/zero | wc -c", { flags })).toBe("3");
  });

  test.each(["/", "/usr", "/etc", "/dev", "/proc/sys/kernel"])("nothing can be made or removed in %s", (directory) => {
    for (const flags of [[], ["--user", "root"]]) {
      expect(box(caller, ["touch", `${directory}/new`], { flags }).exitCode).not.toBe(0);
      expect(box(caller, ["mkdir", `${directory}/new`], { flags }).exitCode).not.toBe(0);
    }
  });

  test.each(["/tmp", "/run", "/dev/shm", "$HOME", "/var/tmp"])("%s is the payload's own, and limited", (directory) => {
    expect(shell(caller, `echo x >${directory}/file && cat ${directory}/file`)).toBe("x");
    const fill = `head -c 70000000 /dev/zero >${directory}/file 2>/dev/null; wc -c <${directory}/file`;
    expect(Number(shell(caller, fill))).toBe(64 * 1_048_576);
  });

  test("--tmpfs has its size, its mode and its inodes", () => {
    const flags = ["--tmpfs", "/small:size=64k,mode=0750,nr_inodes=5,noexec"];
    const fill = "head -c 200000 /dev/zero >/small/f 2>/dev/null; wc -c </small/f; stat -c %a /small";
    expect(shell(caller, fill, { flags })).toBe("65536\n750");
    expect(shell(caller, "cd /small; touch 1 2 3 4 5 6 7 2>/dev/null; ls | wc -l", { flags })).toBe("4");
    expect(box(caller, ["sh", "-c", "cp /bin/true /small && /small/true"], { flags }).exitCode).toBe(126);
  });

  test("has six harmless devices, and they work", () => {
    expect(shell(caller, "ls /dev | tr '\n' ' '")).toBe(
      "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ",
    );
    expect(shell(caller, "head -c 4 /dev/zero | wc -c; echo x >/dev/null; head -c 4 /dev/urandom | wc -c")).toBe(
      "4\n4",
    );
    expect(box(caller, ["sh", "-c", "echo x >/dev/full"]).exitCode).not.toBe(0);
    expect(box(caller, ["mknod", "/tmp/null", "c", "1", "3"], { flags: ["--user", "root"] }).exitCode).not.toBe(0);
  });

  test("lets nobody mount or unmount, not even root inside", () => {
    for (const flags of [[], ["--user", "root"]]) {
      expect(box(caller, ["mount", "-t", "tmpfs", "x", "/tmp"], { flags }).exitCode).not.toBe(0);
      expect(box(caller, ["umount", "/usr"], { flags }).exitCode).not.toBe(0);
      expect(box(caller, ["mount", "-o", "remount,rw", "/usr"], { flags }).exitCode).not.toBe(0);
    }
  });

  test("lets nobody make locked mounts writable in namespaces of its own", () => {
    const { stdout } = box(caller, [
      "unshare",
      "-Urm",
      "sh",
      "-c",
      "mount -o remount,bind,rw /usr; touch /usr/new && echo made",
    ]);
    expect(stdout).not.toContain("made");
    const { stdout: below } = box(caller, [
      "unshare",
      "-Urm",
      "sh",
      "-c",
      "umount /usr; umount /etc/alternatives; ls /usr | wc -l",
    ]);
    expect(below.trim()).not.toBe("0");
  });
});

describeForCallers("the working directory", (caller) => {
  test("is the current one, read-only, at the same place", () => {
    const cwd = scratch.directory("work");
    scratch.file("work/file", "mine");
    expect(shell(caller, "pwd; cat file; touch new 2>/dev/null || echo read-only", { cwd })).toBe(
      `${cwd}\nmineread-only`,
    );
  });

  test("is home where the current one is closed to it", () => {
    for (const cwd of ["/", "/etc", "/proc", "/tmp"])
      expect(shell(caller, "test $(pwd) = $HOME && echo home", { cwd })).toBe("home");
  });

  test.each(["/proc/self/fd/0", "/proc/self/fd/3", "/proc/self/fd/4", "/proc/self/fd/7", "/nowhere", "/etc/passwd"])(
    "cannot be %s",
    (directory) => {
      const through = ["bash", "-c", 'exec 3</ 4</etc 7</usr; exec "$@"', "bash"];
      expect(box(caller, ["pwd"], { flags: ["-w", directory], through }).exitCode).toBe(125);
    },
  );

  test("is looked up inside", () => {
    expect(shell(caller, "pwd", { flags: ["-w", "/usr/bin"] })).toBe("/usr/bin");
    expect(shell(caller, "pwd -P", { flags: ["-w", "/proc/self/cwd"] })).toBe("/");
    for (const relative of ["usr", "/usr/..", ""])
      expect(box(caller, ["pwd"], { flags: ["-w", relative] }).exitCode).toBe(125);
  });
});
