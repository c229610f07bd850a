/**
 * Landlock's rules for files, seen from inside. Most of what it denies the mounts deny as well, so that here are also the few things
 * that it alone denies: without them no test could tell whether it is there.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type BoxOptions, box, boxed, inShell, python, shell } from "../support/box.ts";
import { type Caller, describeForCallers, ENVIRONMENT, SHARED_BINARY, testWith } from "../support/callers.ts";
import { testWithAbi } from "../support/landlock.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { seat } from "../support/terminal.ts";

const scratch = scratchDirectory();
const data = scratch.directory("data");
scratch.file("data/file", "of the host");

/** A null device of its own: rules belong to an inode, and that of /dev/null is shown in /dev, writable. */
const device = scratch.at("null");
const isDevice = Bun.spawnSync(["mknod", "-m", "666", device, "c", "1", "3"]).exitCode === 0;
const testWithDevice = (abi: number, title: string, body: () => void): void => {
  if (isDevice) testWithAbi(abi, title, body);
  else test.skip(`${title}: the tests may not make a device`, () => {});
};

/** What each of these calls gives: "ok", or the name of its errno. */
const outcomes = (caller: Caller, calls: Readonly<Record<string, string>>, options: BoxOptions = {}): unknown =>
  python(
    caller,
    `import ctypes, errno, fcntl, json, os, socket, stat
libc = ctypes.CDLL(None, use_errno=True)
def outcome(call):
    try: call(); return "ok"
    except OSError as error: return errno.errorcode[error.errno]
print(json.dumps({${Object.entries(calls).map(([name, code]) => `${JSON.stringify(name)}: outcome(lambda: ${code})`)}}))`,
    options,
  );

/** Nobody needs a right of the file system's for it: a character device that is none (overlayfs marks deleted files so). */
const WHITEOUT = { whiteout: 'os.mknod("/tmp/whiteout", stat.S_IFCHR | 0o600, 0)' };

describeForCallers("Landlock's rules for files", (caller) => {
  testWithAbi(2, "are in force, and can be off", () => {
    expect(outcomes(caller, WHITEOUT)).toEqual({ whiteout: "EACCES" });
    for (const off of ["fs=off", "off"]) {
      const options = { flags: ["--landlock", off] };
      expect(outcomes(caller, WHITEOUT, options)).toEqual({ whiteout: "ok" });
    }
  });

  testWith(["python3"], "leave what is writable writable: in the sandbox's own places and in a volume", () => {
    const calls = (at: string): Readonly<Record<string, string>> => ({
      mkdir: `[os.mkdir("${at}/${caller.name}-" + name) for name in "ab"]`,
      create: `open("${at}/${caller.name}-a/file", "w").write("text")`,
      "rename to another directory": `os.rename("${at}/${caller.name}-a/file", "${at}/${caller.name}-b/file")`,
      "link to another directory": `os.link("${at}/${caller.name}-b/file", "${at}/${caller.name}-a/link")`,
      truncate: `os.truncate("${at}/${caller.name}-a/link", 0)`,
      append: `open("${at}/${caller.name}-a/link", "a").write("more")`,
      exchange: `libc.renameat2(-100, b"${at}/${caller.name}-a", -100, b"${at}/${caller.name}-b", 2) and (_ for _ in ()).throw(OSError(ctypes.get_errno(), ""))`,
      symlink: `os.symlink("a", "${at}/${caller.name}-symlink")`,
      fifo: `os.mkfifo("${at}/${caller.name}-fifo")`,
      socket: `socket.socket(socket.AF_UNIX).bind("${at}/${caller.name}-socket")`,
      unlink: `[os.unlink("${at}/${caller.name}-" + name) for name in ("symlink", "fifo", "socket", "a/file", "b/link")]`,
      rmdir: `[os.rmdir("${at}/${caller.name}-" + name) for name in "ab"]`,
    });
    const flags = ["-v", `${data}:/data`, "--tmpfs", "/srv/mem"];
    for (const at of ["/tmp", "/run", "/dev/shm", "/data", "/srv/mem"]) {
      const expected = Object.fromEntries(Object.keys(calls(at)).map((name) => [name, "ok"]));
      // /run is root's, and empty.
      if (at !== "/run" || caller.name === "root") expect(outcomes(caller, calls(at), { flags })).toEqual(expected);
    }
    expect(boxed(caller, ["sh", "-c", "echo home >~/file; cat ~/file"])).toBe("home");
  });

  testWith(["python3"], "leave what is read-only read-only", () => {
    const flags = ["-v", `${data}:/data:ro`, "--allow-read", data];
    const calls = Object.fromEntries(
      ["/data", data, "/usr", "/etc"].map((at) => [at, `open("${at}/bunker-test", "w")`] as const),
    );
    for (const outcome of Object.values(outcomes(caller, calls, { flags }) as object))
      expect(["EROFS", "EACCES"]).toContain(outcome);
    expect(outcomes(caller, { write: 'open("/data/file", "r+")', read: 'open("/data/file")' }, { flags })).toEqual({
      write: "EROFS",
      read: "ok",
    });
  });

  test("follow --allow-write and -v, as a root directory or not", () => {
    const own = scratch.directory(`own-${caller.name}`);
    const write = `echo ${caller.name} >${own}/written && cat ${own}/written`;
    expect(shell(caller, write, { flags: ["--allow-write", own] })).toBe(caller.name);
    const root = scratch.directory(`root-${caller.name}`);
    for (const name of ["usr", "bin", "lib", "lib64", "tmp", "data", "proc", "dev"])
      scratch.directory(`root-${caller.name}/${name}`);
    const system = ["usr", "bin", "lib", "lib64"].flatMap((name) => ["-v", `/${name}:/${name}:ro`]);
    const options = { flags: ["--rootfs", root, ...system, "-v", `${own}:/data`] };
    expect(shell(caller, "echo x >/made; cat /made /data/written; rm /made", options)).toBe(`x\n${caller.name}`);
    const readOnly = { flags: [...options.flags, "--read-only"] };
    expect(shell(caller, "echo y >/data/y; echo y >/tmp/y; cat /data/y /tmp/y; rm /data/y", readOnly)).toBe("y\ny");
    expect(box(caller, ["sh", "-c", "echo x >/made"], readOnly).exitCode).not.toBe(0);
  });

  test("leave it to the mount where something lies read-only in something writable", () => {
    const outer = scratch.directory(`outer-${caller.name}`);
    const flags = ["-v", `${outer}:/outer`, "-v", `${data}:/outer/inner:ro`];
    expect(box(caller, ["sh", "-c", "echo x >/outer/inner/file"], { flags }).exitCode).not.toBe(0);
    expect(readFileSync(`${data}/file`, "utf8")).toBe("of the host");
  });

  testWithDevice(2, "make a device that is shown read-only one: the mount does not", () => {
    const calls = { read: 'open("/mnt/null", "rb")', write: 'open("/mnt/null", "wb")' };
    const options = (landlock: string) => ({ flags: ["-v", `${device}:/mnt/null:ro`, "--landlock", landlock] });
    expect(outcomes(caller, calls, options("best-effort"))).toEqual({ read: "ok", write: "EACCES" });
    expect(outcomes(caller, calls, options("fs=off"))).toEqual({ read: "ok", write: "ok" });
  });

  testWithDevice(5, "leave a device that is shown read-only without ioctls", () => {
    const calls = { ioctl: 'fcntl.ioctl(open("/mnt/null", "rb"), 0x5401, b" " * 64)' };
    const options = (landlock: string) => ({ flags: ["-v", `${device}:/mnt/null:ro`, "--landlock", landlock] });
    expect(outcomes(caller, calls, options("best-effort"))).toEqual({ ioctl: "EACCES" });
    expect(outcomes(caller, calls, options("fs=off"))).toEqual({ ioctl: "ENOTTY" });
  });

  testWith(["python3"], "leave devices, terminals, shared memory and /proc as they were", () => {
    const script = `
import ctypes, fcntl, json, os, pty, struct, termios
from multiprocessing import Semaphore, shared_memory
open("/dev/null", "w").write("x")
sizes = [len(open("/dev/" + name, "rb").read(3)) for name in ("zero", "random", "urandom", "full")]
try: os.write(os.open("/dev/full", os.O_WRONLY), b"x")
except OSError as error: sizes.append(error.errno)
ours, theirs = pty.openpty()
fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("4H", 5, 6, 0, 0))
size = struct.unpack("4H", fcntl.ioctl(theirs, termios.TIOCGWINSZ, b" " * 8))[:2]
again = os.ttyname(theirs); os.close(os.open(again, os.O_RDWR | os.O_NOCTTY))
memory = shared_memory.SharedMemory(create=True, size=10); memory.close(); memory.unlink()
Semaphore()
libc = ctypes.CDLL(None)
queue = libc.mq_open(b"/queue", os.O_CREAT | os.O_RDWR, 0o600, None)
listed = os.listdir("/dev/mqueue"); os.unlink("/dev/mqueue/queue")
open("/proc/self/comm", "w").write("renamed"); open("/proc/self/oom_score_adj", "w").write("900")
print(json.dumps([sizes, size, again.startswith("/dev/pts/"), queue >= 0, listed,
  open("/proc/self/comm").read(), open("/proc/self/oom_score_adj").read()]))`;
    expect(python(caller, script)).toEqual([[3, 3, 3, 3, 28], [5, 6], true, true, ["queue"], "renamed\n", "900\n"]);
  });

  testWith(
    ["python3"],
    "leave programs executable: of the system, of a volume, copied, scripts, from memory and by descriptor",
    () => {
      scratch.file("data/script", "#!/bin/sh\necho script $1\n");
      const script = `
/data/script 1; cp /data/script /tmp/script; /tmp/script 2; cp /bin/echo ~/echo; ~/echo copied; sh -c 'echo "$0"' shell
/lib*/ld-linux*.so.* /bin/echo loaded; exec 3</bin/echo; /proc/self/fd/3 descriptor`;
      expect(shell(caller, script, { flags: ["-v", `${data}:/data:ro`] })).toBe(
        "script 1\nscript 2\ncopied\nshell\nloaded\ndescriptor",
      );
      const memory = `
import json, os
fd = os.memfd_create("program"); os.write(fd, open("/bin/true", "rb").read()); os.fchmod(fd, 0o755)
child = os.fork()
if child == 0: os.execve(fd, ["true"], {})
print(json.dumps(os.waitpid(child, 0)[1]))`;
      expect(python(caller, memory)).toBe(0);
    },
  );

  test("keep what must not be executed from being executed", () => {
    const flags = ["-v", `${data}:/data:ro,noexec`, "--tmpfs", "/srv/mem:noexec"];
    scratch.file("data/script", "#!/bin/sh\necho script $1\n");
    expect(shell(caller, "/data/script; echo $?; cp /bin/true /srv/mem; /srv/mem/true; echo $?", { flags })).toBe(
      "126\n126",
    );
    expect(shell(caller, "cp /bin/true /tmp; /tmp/true; echo $?", { flags })).toBe("0");
  });

  testWith(["python3"], "hold a payload that may gain privileges, and one with capabilities, as well", () => {
    for (const flags of [["--allow-new-privileges"], ["--cap-add", "ALL", "--user", "root"], ["--user", "root"]]) {
      const calls = { ...WHITEOUT, "unshare mounts": 'open("/usr/x", "w")' };
      const found = outcomes(caller, calls, { flags }) as Record<string, string>;
      // Who may make devices, may make this one.
      expect(found.whiteout).toBe(flags.includes("ALL") ? "ok" : "EACCES");
    }
  });

  testWithAbi(2, "let nothing be mounted, CAP_SYS_ADMIN or not", () => {
    const mount = ["sh", "-c", "mount -t tmpfs none /tmp && echo mounted"];
    const flags = ["--cap-add", "SYS_ADMIN", "--user", "root"];
    expect(box(caller, mount, { flags }).stdout).toBe("");
    expect(box(caller, mount, { flags: [...flags, "--landlock", "fs=off"] }).stdout).toBe("mounted\n");
  });
});

describeForCallers("standard streams under Landlock", (caller) => {
  const file = scratch.file(`stream-${caller.name}`, "12345");
  const flags = ["--inherit-stdio"];

  testWith(["python3"], "keep every right that they came with", () => {
    const cut = `import os, json; os.ftruncate(1, 2); os.lseek(1, 0, 2); print(json.dumps("x"))`;
    expect(box(caller, ["python3", "-c", cut], { flags, through: inShell(`exec 1<>${file}`) }).exitCode).toBe(0);
    expect(readFileSync(file, "utf8")).toBe('12"x"\n');
  });

  test("that are files can be read again by their name where they were for reading", () => {
    const secret = scratch.file(`read-${caller.name}`, "hello\n");
    expect(shell(caller, "cat /dev/stdin", { flags, through: inShell(`exec <${secret}`) })).toBe("hello");
  });

  testWithAbi(
    2,
    "that are files cannot be opened again to be written to, nor to be read where they were for writing",
    () => {
      const log = scratch.file(`log-${caller.name}`, "old\n");
      const through = inShell(`exec 2>>${log}`);
      const script = "(echo over 1<>/proc/self/fd/2) || (: >/proc/self/fd/2) || (: </proc/self/fd/2) || exit 7";
      expect(box(caller, ["sh", "-c", script], { flags, through }).exitCode).toBe(7);
      expect(readFileSync(log, "utf8")).toStartWith("old\n");
    },
  );

  test("that are pipes can be opened again", () => {
    // The caller's own pipe: one of the tests' would be somebody else's.
    const words = [...caller.prefix, "sh", "-c", '"$@" | cat', "sh", SHARED_BINARY, "run", "--"];
    const { stdout } = Bun.spawnSync([...words, "sh", "-c", "echo again >/dev/stdout"], { cwd: "/", env: ENVIRONMENT });
    // Root's sandbox is another user than the pipe's owner.
    expect(stdout.toString()).toBe(caller.name === "root" ? "" : "again\n");
  });

  testWith(["script"], "that are a terminal can be opened again, as /dev/tty can", async () => {
    const words = `${SHARED_BINARY} run --inherit-stdio -- sh -c 'stty size </dev/tty; echo by-tty >/dev/tty; echo by-name >/dev/stderr; echo status $?'`;
    // The terminal belongs to who runs script.
    await using user = seat([...caller.prefix, "script", "-qec", words, "/dev/null"]);
    await user.see("24 80");
    await user.see("by-tty");
    if (caller.name === "unprivileged") await user.see("by-name");
    await user.see(caller.name === "unprivileged" ? "status 0" : "status 2");
  });
});
