/**
 * Nothing that is executed outside of the sandbox can be written from inside (security.md, row 4), and no process inside shows
 * anything of the host through /proc.
 * @module
 */
import { expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, readFileSync, readlinkSync } from "node:fs";
import { describeForMember } from "../support/accounts.ts";
import { BINARY } from "../support/binary.ts";
import { box, python, running, shell } from "../support/box.ts";
import {
  type Caller,
  describeForCaller,
  describeForCallers,
  ENVIRONMENT,
  testAsRoot,
  testWith,
} from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();

/** The binary as one of the caller's own files, which it may write to outside. */
const ownBinary = (caller: Caller): string => {
  const directory = `own-${caller.name}-${caller.uid}`;
  scratch.directory(directory);
  const binary = scratch.at(directory, "bunker");
  copyFileSync(BINARY, binary);
  chmodSync(binary, 0o755);
  if (process.getuid?.() === 0) chownSync(binary, caller.uid, caller.gid);
  return binary;
};

/** Every way to write to a file that Python has, and the errors of those that fail. */
const WRITE = `
import ctypes, errno, json, os, stat
libc = ctypes.CDLL(None, use_errno=True)
def attempt(call, *args):
    try: call(*args); return "done"
    except OSError as error: return errno.errorcode[error.errno]
def open_for(path, flags): os.close(os.open(path, flags))
def ways(path):
    return {
        "write": attempt(open_for, path, os.O_WRONLY),
        "both": attempt(open_for, path, os.O_RDWR),
        "truncate": attempt(os.truncate, path, 0),
        "chmod": attempt(os.chmod, path, 0o777),
        "unlink": attempt(os.unlink, path),
        "link": attempt(os.link, path, "/tmp/linked"),
    }
`;

const done = (report: unknown): readonly string[] =>
  Object.entries(report as Record<string, Record<string, string>>).flatMap(([path, ways]) =>
    Object.entries(ways)
      .filter(([, outcome]) => outcome === "done")
      .map(([way]) => `${way} ${path}`),
  );

const tests = (caller: Caller, own: readonly string[]): void => {
  const all = [
    [],
    ["--user", "root"],
    ["--user", "root", "--cap-add", "DAC_OVERRIDE", "--cap-add", "FOWNER", "--cap-add", "CHOWN"],
  ];

  testWith(
    ["python3"],
    "the binary that runs the sandbox is shown read-only to a script, and stays what it was",
    () => {
      const binary = ownBinary(caller);
      const before = readFileSync(binary);
      const script = scratch.file(
        "write.js",
        `const { execFileSync } = require("node:child_process");
       process.stdout.write(execFileSync("python3", ["-c", process.argv[2]]));
       const fs = require("node:fs");
       for (const path of ["/proc/self/exe", process.execPath])
         try { fs.closeSync(fs.openSync(path, "r+")); console.error("opened " + path); } catch {}`,
      );
      const look = `${WRITE}
print(json.dumps({path: ways(path) for path in ["/run/bunker/bun", "/proc/%d/exe" % os.getppid()]}))`;
      for (const flags of all) {
        const { exitCode, stdout, stderr } = Bun.spawnSync(
          [...caller.prefix, binary, "run", ...own, ...flags, script, look],
          { cwd: "/", env: ENVIRONMENT },
        );
        expect([flags, exitCode, stderr.toString()]).toEqual([flags, 0, ""]);
        expect([flags, done(JSON.parse(stdout.toString()))]).toEqual([flags, []]);
      }
      expect(readFileSync(binary).equals(before)).toBe(true);
    },
  );

  testWith(["python3"], "what init and the monitor execute is out of reach", () => {
    const look = `${WRITE}
print(json.dumps({path: ways(path) for path in ["/proc/1/exe", "/proc/1/map_files", "/proc/1/fd/3"]}))`;
    for (const flags of all) expect(done(python(caller, look, { flags: [...own, ...flags] }))).toEqual([]);
  });

  testWith(["python3"], "no process inside shows memory, files or links of the host", () => {
    const look = `
import json, os
found = []
root = os.stat("/")
for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
    for name in ["root", "cwd", "exe"]:
        try:
            seen = os.stat("/proc/%s/%s/." % (pid, name)) if name != "exe" else None
            link = os.readlink("/proc/%s/%s" % (pid, name))
        except OSError: continue
        if name == "root" and (seen.st_dev, seen.st_ino) != (root.st_dev, root.st_ino): found.append([pid, name, link])
        if name != "root" and not os.path.exists(link): found.append([pid, name, link])
    for name in ["environ", "maps", "mem", "auxv"]:
        try:
            data = open("/proc/%s/%s" % (pid, name), "rb").read(65536) if name != "mem" else open("/proc/%s/mem" % pid, "rb")
        except OSError: continue
        if pid == "1": found.append([pid, name, ""])
        if name != "mem" and b"caller's own" in data: found.append([pid, name, "environment"])
    try: links = os.listdir("/proc/%s/fd" % pid)
    except OSError: continue
    if pid == "1": found.append([pid, "fd", str(links)])
print(json.dumps(found))`;
    const env = { SECRET: "caller's own" };
    for (const flags of [...all, ["--user", "root", "--cap-add", "SYS_PTRACE"]])
      expect([flags, python(caller, look, { flags: [...own, ...flags], env })]).toEqual([flags, []]);
  });
};

describeForCallers("executables of the host", (caller) => {
  tests(caller, []);

  test("are not in reach with the host's processes in view either", () => {
    const script =
      "ls -l /proc/$PPID/exe /proc/1/exe /proc/$PPID/fd 2>&1 | grep -c 'denied\\|cannot'; cat /proc/$PPID/environ 2>/dev/null | wc -c";
    const [denied = "", bytes] = shell(caller, script, { flags: ["--pid", "host"] }).split("\n");
    expect([Number(denied) >= 3, bytes]).toEqual([true, "0"]);
  });

  testAsRoot("that run are files of no directory, which nobody can write to", async () => {
    await using sandbox = await running(caller);
    for (const pid of [sandbox.pid, sandbox.init]) {
      const exe = `/proc/${pid}/exe`;
      expect(readlinkSync(exe)).toBe("/memfd:bunker (deleted)");
      const { stderr } = Bun.spawnSync(["dd", "if=/dev/zero", `of=${exe}`, "bs=1", "count=1", "conv=notrunc"], {
        env: ENVIRONMENT,
      });
      expect(stderr.toString()).toMatch(/Text file busy|Operation not permitted/);
    }
  });
});

describeForCaller("root", "executables of the host, with a range of ids,", (caller) =>
  tests(caller, ["--userns", "auto"]),
);
describeForMember("executables of the host, with a range of ids,", (caller) => tests(caller, ["--userns", "auto"]));

describeForCallers("no_new_privs", (caller) => {
  testWith(["python3"], "and nosuid mounts leave a setuid program of a volume without effect", () => {
    const directory = scratch.directory(`setuid-${caller.name}`);
    copyFileSync("/usr/bin/id", `${directory}/id`);
    if (process.getuid?.() === 0) chownSync(`${directory}/id`, 0, 0);
    chmodSync(`${directory}/id`, 0o6755);
    for (const flags of [[], ["--allow-new-privileges"], ["--user", "5:6"]]) {
      const { stdout } = box(caller, ["sh", "-c", "id -u; id -g; /data/id -u; /data/id -g"], {
        flags: [...flags, "-v", `${directory}:/data`],
      });
      const [uid, gid, ...setuid] = stdout.trim().split("\n");
      expect([flags, ...setuid]).toEqual([flags, uid ?? "", gid ?? ""]);
    }
  });
});
