/**
 * Files, links, masks and secrets, as the payload has them.
 * @module
 */
import { expect, test } from "bun:test";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { box, boxed, running, shell } from "../support/box.ts";
import { type Caller, describeForCallers, SHARED_BINARY, testAsRoot } from "../support/callers.ts";
import { parseMounts } from "../support/mounts.ts";
import { allPids } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();

describeForCallers("--file", (caller) => {
  const flags = ["--file", "/etc/app.conf=one\n", "--file", "/tmp/x=two", "--file", "/opt/a/b=three=3"];

  test("is a file of the payload's with a text, that it may write to", () => {
    const script =
      "cat /etc/app.conf /tmp/x /opt/a/b; stat -c '%u %a' /etc/app.conf /tmp/x; echo 4 >>/etc/app.conf; tail -1 /etc/app.conf";
    const uid = shell(caller, "id -u");
    expect(shell(caller, script, { flags })).toBe(`one\ntwothree=3${uid} 644\n${uid} 644\n4`);
  });

  test("is lost with the sandbox, and nothing of it is on the host", () => {
    expect(shell(caller, "cat /etc/app.conf", { flags })).toBe("one");
    expect(existsSync("/etc/app.conf")).toBe(false);
    expect(existsSync("/opt/a")).toBe(false);
  });

  test("can be replaced and removed where its directory can be written to", () => {
    expect(shell(caller, "cd /tmp; echo new >y; mv y x; cat x; rm x; ls", { flags })).toBe("new");
    expect(box(caller, ["rm", "/etc/app.conf"], { flags }).exitCode).not.toBe(0);
  });

  test("is nosuid and nodev, and has a limit", () => {
    const mounts = parseMounts(shell(caller, "cat /proc/self/mountinfo", { flags }));
    expect(mounts.find(({ target }) => target === "/etc/app.conf")?.options).toEqual(
      expect.arrayContaining(["rw", "nosuid", "nodev"]),
    );
    const fill = "head -c 70000000 /dev/zero >/etc/app.conf 2>/dev/null; wc -c </etc/app.conf";
    expect(Number(shell(caller, fill, { flags }))).toBeLessThanOrEqual(64 * 1_048_576);
  });

  test("replaces a file of the sandbox's own, or of the host's that is shown", () => {
    const replaced = ["--file", "/etc/hosts=mine", "--ro-file", "/usr/bin/env=#!/bin/sh\necho mine\n"];
    expect(shell(caller, "cat /etc/hosts /usr/bin/env; . /usr/bin/env", { flags: replaced })).toBe(
      "mine#!/bin/sh\necho mine\nmine",
    );
    expect(readFileSync("/usr/bin/env").length).toBeGreaterThan(1000);
  });

  test("lies over a file of a volume, and leaves it what it is", () => {
    const volume = scratch.directory(`volume-${caller.name}`);
    scratch.file(`volume-${caller.name}/file`, "of the host");
    const over = ["-v", `${volume}:/v`, "--file", "/v/file=over", "--ro-file", "/v/new=made"];
    expect(shell(caller, "cat /v/file /v/new; echo x >/v/file", { flags: over })).toBe("overmade");
    expect(readFileSync(`${volume}/file`, "utf8")).toBe("of the host");
    expect(readFileSync(`${volume}/new`, "utf8")).toBe("");
  });

  test("that does not fit is an error, and no half of a file", () => {
    const text = "0123456789abcdef".repeat(1024);
    for (const size of ["4k", "8k"]) {
      const flags = ["--tmpfs", `/t:size=${size}`, "--file", `/t/f=${text}`];
      expect(box(caller, ["cat", "/t/f"], { flags })).toMatchObject({
        exitCode: 125,
        stdout: "",
        stderr: expect.stringContaining("ENOSPC"),
      });
    }
    expect(boxed(caller, ["wc", "-c", "/t/f"], { flags: ["--tmpfs", "/t:size=16k", "--file", `/t/f=${text}`] })).toBe(
      "16384 /t/f",
    );
  });

  test("can have a long text", () => {
    const text = "0123456789abcdef".repeat(6000);
    expect(boxed(caller, ["wc", "-c", "/f"], { flags: ["--file", `/f=${text}`] })).toBe("96000 /f");
  });
});

describeForCallers("--ro-file", (caller) => {
  test("cannot be changed, not even by its owner, wherever it is", () => {
    const flags = ["--ro-file", "/tmp/x=kept", "--ro-file", "/etc/y=kept"];
    for (const path of ["/tmp/x", "/etc/y"])
      for (const script of [
        `echo x >${path}`,
        `chmod 777 ${path}`,
        `rm ${path}`,
        `mv ${path} /tmp/z`,
        `ln -f /etc/passwd ${path}`,
      ])
        expect(box(caller, ["sh", "-c", script], { flags }).exitCode).not.toBe(0);
    expect(shell(caller, "rm -f /tmp/x 2>/dev/null; cat /tmp/x /etc/y", { flags })).toBe("keptkept");
  });
});

describeForCallers("--symlink", (caller) => {
  test("is a link as it was written, in the order of ln", () => {
    const flags = ["--symlink", "../etc/passwd:/opt/l", "--symlink", "/nowhere:/tmp/gone"];
    expect(shell(caller, "readlink /opt/l /tmp/gone; head -c 4 /opt/l", { flags })).toBe(
      "../etc/passwd\n/nowhere\nroot",
    );
  });
});

const makeKeys = (caller: Caller): string => {
  const top = scratch.at(`keys-${caller.name}`);
  mkdirSync(`${top}/sub/private`, { recursive: true });
  for (const name of [".env", "sub/.env", "sub/private/key", "sub/other"]) writeFileSync(`${top}/${name}`, "secret");
  symlinkSync("sub/other", `${top}/link`);
  Bun.spawnSync(["chown", "-Rh", `${caller.uid}:${caller.gid}`, top]);
  return top;
};

describeForCallers("--mask", (caller) => {
  const top = makeKeys(caller);
  const volume = ["-v", `${top}:/v`];

  test("hides files and directories below a volume, an overlay, and an allowed path", () => {
    const script = (at: string): string =>
      `cd ${at}; cat .env sub/.env; ls -A sub/private; cat sub/other; stat -c '%F %s' .env; ls -A . sub`;
    const seen = "secretregular empty file 0\n.:\n.env\nlink\nsub\n\nsub:\n.env\nother\nprivate";
    const masks = ["--mask", "**/.env", "--mask", "sub/private"];
    expect(shell(caller, script("/v"), { flags: [...volume, ...masks] })).toBe(seen);
    expect(shell(caller, script("/o"), { flags: ["--overlay", `${top}:/o`, ...masks] })).toBe(seen);
    expect(shell(caller, script(top), { flags: ["--allow-read", top, ...masks] })).toBe(seen);
    expect(shell(caller, script(top), { flags: ["--allow-write", top, ...masks] })).toBe(seen);
  });

  test("cannot be lifted, written through, or removed", () => {
    const flags = [...volume, "--mask", "**/.env", "--mask", "/v/sub/private", "--user", "root"];
    for (const script of [
      "rm /v/.env",
      "mv /v/.env /v/x",
      "echo x >/v/.env",
      "chmod 777 /v/.env",
      "umount /v/.env",
      "touch /v/sub/private/x",
      "rmdir /v/sub/private",
      "ln /v/.env /v/y",
      "unshare -Urm sh -c 'umount /v/.env && cat /v/.env'",
    ])
      expect([script, box(caller, ["sh", "-c", script], { flags }).exitCode === 0]).toEqual([script, false]);
    const move = "mv /v/sub /v/moved && cat /v/moved/.env; mv /v/moved /v/sub";
    expect(box(caller, ["sh", "-c", move], { flags }).stdout).toBe("");
    expect(readFileSync(`${top}/.env`, "utf8")).toBe("secret");
    expect(readFileSync(`${top}/sub/private/key`, "utf8")).toBe("secret");
  });

  test("hides what a link leads to", () => {
    expect(shell(caller, "cat /v/link /v/sub/other", { flags: [...volume, "--mask", "/v/link"] })).toBe("");
  });

  test("leaves copying tools at work", () => {
    const flags = [...volume, "--mask", "**/.env", "--mask", "**/private"];
    expect(
      shell(caller, "cp -r /v /tmp/copy && tar cf /tmp/t -C /v . && find /tmp/copy -type f -size +0", { flags }),
    ).toBe("/tmp/copy/sub/other");
  });

  test("hides a directory that the payload may not enter as a whole, and more in open ones", () => {
    const shut = scratch.at(`shut-${caller.name}`);
    mkdirSync(`${shut}/a/b`, { recursive: true });
    mkdirSync(`${shut}/open/c`, { recursive: true });
    for (const name of ["a/.env", "a/b/.env", "a/b/x.env", "open/c/.env", ".env"])
      writeFileSync(`${shut}/${name}`, "secret");
    Bun.spawnSync(["chown", "-R", `${caller.uid}:${caller.gid}`, shut]);
    Bun.spawnSync(["chmod", "700", `${shut}/a`]);
    const script = "cd /v; ls -A . a open/c; cat .env open/c/.env a/.env a/b/.env";
    const { stdout } = box(caller, ["sh", "-c", script], { flags: ["-v", `${shut}:/v`, "--mask", "**/*.env"] });
    // Root's sandbox has another id than root: for it the directory is closed.
    const inside = caller.name === "root" ? "a:" : "a:\n.env\nb";
    expect(stdout).toBe(`.:\n.env\na\nopen\n\n${inside}\n\nopen/c:\n.env\n`);
  });

  test("of a path that is gone when the sandbox starts is an error", () => {
    const image = scratch.at(`gone-${caller.name}`);
    const key = scratch.file(`gone-dir-${caller.name}/deep/key`, "secret");
    scratch.directory(".");
    const volumes = ["-v", `${scratch.at(`gone-dir-${caller.name}`)}:/v`, "--mask", "/v/deep/key"];
    Bun.spawnSync([SHARED_BINARY, "compile", "-o", image, ...volumes, "--", "true"], { cwd: "/" });
    expect(box(caller, [], { image }).exitCode).toBe(0);
    rmSync(key);
    expect(box(caller, [], { image })).toMatchObject({ exitCode: 125, stderr: expect.stringContaining("ENOENT") });
  });

  test("that matches nothing is an error that names it", () => {
    for (const mask of ["**/none*", "/v/none", "none"]) {
      const { exitCode, stderr } = box(caller, ["true"], { flags: [...volume, "--mask", mask] });
      expect([exitCode, stderr]).toEqual([125, expect.stringContaining(`--mask "${mask}": matches nothing`)]);
    }
  });

  test("is looked up at each start", () => {
    const flags = [...volume, "--mask", "**/late*"];
    for (const name of ["late", "later"]) {
      writeFileSync(`${top}/${name}`, "secret");
      expect(shell(caller, `cat /v/${name}`, { flags })).toBe("");
      rmSync(`${top}/${name}`);
    }
  });

  test("is compiled where it is a path, and not where it is a pattern", () => {
    const image = scratch.at(`mask-${caller.name}`);
    scratch.directory(".");
    const compile = (mask: string) =>
      Bun.spawnSync([SHARED_BINARY, "compile", "-o", image, ...volume, "--mask", mask, "--", "cat", "/v/.env"], {
        cwd: "/",
      });
    expect(compile("**/.env").stderr.toString()).toContain("what a pattern hides is looked up when it starts");
    expect(compile("/v/.env").exitCode).toBe(0);
    expect(box(caller, [], { image })).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});

const WORD = `s3cret-${process.pid}`;

describeForCallers("--secret", (caller) => {
  const file = scratch.at(`secret-${caller.name}`);
  writeFileSync(file, `${WORD}-file`, { mode: 0o600 });
  if (process.getuid?.() === 0) chownSync(file, caller.uid, caller.gid);
  const flags = ["--secret", `key=${file}`, "--secret", "token=env:TOKEN"];
  const env = { TOKEN: `${WORD}-variable` };

  test("is a file for the payload alone, on a file system of its own", () => {
    const script = "cat /run/secrets/key /run/secrets/token; stat -c '%n %a %u' /run/secrets /run/secrets/*; ls /run";
    const uid = shell(caller, "id -u");
    expect(shell(caller, script, { flags, env })).toBe(
      `${WORD}-file${WORD}-variable/run/secrets 500 ${uid}\n/run/secrets/key 400 ${uid}\n/run/secrets/token 400 ${uid}\nsecrets`,
    );
    const mounts = parseMounts(shell(caller, "cat /proc/self/mountinfo", { flags, env }));
    const [mount] = mounts.filter(({ target }) => target === "/run/secrets");
    expect(mount?.type).toBe("tmpfs");
    expect(mount?.options).toEqual(expect.arrayContaining(["ro", "nosuid", "nodev", "noexec"]));
  });

  test("cannot be changed", () => {
    for (const script of [
      "chmod 777 /run/secrets/key",
      "rm /run/secrets/key",
      "touch /run/secrets/x",
      "echo >/run/secrets/key",
    ])
      expect(box(caller, ["sh", "-c", script], { flags: [...flags, "--user", "root"], env }).exitCode).not.toBe(0);
  });

  test("is in no environment and no arguments inside", () => {
    const look = `env; cat /proc/*/cmdline /proc/*/environ 2>/dev/null | tr '\\0' '\\n'`;
    expect(shell(caller, look, { flags, env })).not.toContain("-variable");
  });

  testAsRoot("is in no arguments, environment or memory of any process of the sandbox's on the host", async () => {
    await using sandbox = await running(caller, { flags, env });
    for (const pid of [sandbox.pid, sandbox.init, sandbox.payload])
      for (const name of ["cmdline", "environ"])
        expect(readFileSync(`/proc/${pid}/${name}`, "utf8")).not.toContain(WORD);
    for (const pid of [sandbox.pid, sandbox.init]) {
      const { stdout } = Bun.spawnSync(["grep", "-c", WORD, `/proc/${pid}/exe`]);
      expect(stdout.toString().trim()).toBe("0");
      expect(memoryHas(pid, WORD)).toBe(false);
    }
    expect(memoryHas(sandbox.payload, "sleep")).toBe(true);
    expect(allPids().filter((pid) => pid !== process.pid && argumentsOf(pid).includes(`${WORD}-`))).toEqual([]);
  });

  test("is in no explanation", () => {
    for (const more of [[], ["--json"], ["--syscalls"], ["--syscalls", "--json"]]) {
      const { stdout, exitCode } = Bun.spawnSync(
        [...caller.prefix, SHARED_BINARY, "explain", ...more, ...flags, "true"],
        {
          cwd: "/",
          env: { ...process.env, ...env },
        },
      );
      expect(exitCode).toBe(0);
      expect(stdout.toString()).toContain("key");
      expect(stdout.toString()).not.toContain(WORD);
    }
  });

  test("is compiled into nothing", () => {
    const { exitCode, stderr } = Bun.spawnSync(
      [...caller.prefix, SHARED_BINARY, "compile", "-o", "/tmp/never", ...flags, "true"],
      { cwd: "/", env: { ...process.env, ...env } },
    );
    expect([exitCode, stderr.toString()]).toEqual([125, expect.stringContaining("cannot compile: secrets")]);
    expect(existsSync("/tmp/never")).toBe(false);
  });

  test("may be as large as it says, and not larger", () => {
    const large = scratch.at(`large-${caller.name}`);
    const check = (bytes: number) => {
      writeFileSync(large, Buffer.alloc(bytes, 0xff));
      return box(caller, ["sh", "-c", "wc -c </run/secrets/x"], { flags: ["--secret", `x=${large}`] });
    };
    expect(check(512 * 1024)).toMatchObject({ exitCode: 0, stdout: "524288\n" });
    expect(check(512 * 1024 + 1)).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("secret x is larger than 524288 bytes"),
    });
    expect(check(0)).toMatchObject({ exitCode: 0, stdout: "0\n" });
  });

  test("is any bytes", () => {
    const odd = scratch.at(`odd-${caller.name}`);
    writeFileSync(
      odd,
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
    );
    expect(
      shell(caller, "od -An -v -tu1 /run/secrets/odd | tr -s ' \\n' ' '", { flags: ["--secret", `odd=${odd}`] }).trim(),
    ).toBe(Array.from({ length: 256 }, (_, byte) => byte).join(" "));
  });

  test("that is gone, no file, or not the caller's to read is an error without its contents", () => {
    const fifo = scratch.at(`fifo-${caller.name}`);
    Bun.spawnSync(["mkfifo", fifo]);
    for (const from of ["/no/such/file", "/etc", fifo, "env:NO_SUCH_VARIABLE"]) {
      const { exitCode, stderr } = box(caller, ["true"], { flags: ["--secret", `x=${from}`] });
      expect([exitCode, stderr]).toEqual([125, expect.stringContaining("secret x: ")]);
    }
    if (caller.name === "unprivileged" && process.getuid?.() === 0) {
      const closed = scratch.at("closed");
      writeFileSync(closed, WORD, { mode: 0o600 });
      const { exitCode, stderr } = box(caller, ["true"], { flags: ["--secret", `x=${closed}`] });
      expect([exitCode, stderr]).toEqual([125, expect.stringContaining("EACCES")]);
    }
  });

  test("is there in a root directory too, and not left in it", () => {
    const root = scratch.directory(`secret-root-${caller.name}`);
    for (const name of ["usr", "bin", "lib", "lib64", "dev", "proc", "run"])
      scratch.directory(`secret-root-${caller.name}`, name);
    const system = ["usr", "bin", "lib", "lib64"].flatMap((name) =>
      existsSync(`/${name}`) ? ["-v", `/${name}:/${name}:ro`] : [],
    );
    const options = { flags: [...flags, "--rootfs", root, ...system], env };
    expect(shell(caller, "cat /run/secrets/token", options)).toBe(`${WORD}-variable`);
    expect(readdirSync(`${root}/run`)).toEqual([]);
  });
});

const argumentsOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
};

/** Whether a text is in any memory of a process that can be read. */
const memoryHas = (pid: number, word: string): boolean => {
  const script = `
import re,sys
pid,word=sys.argv[1],sys.argv[2].encode()
mem=open(f"/proc/{pid}/mem","rb",0)
for line in open(f"/proc/{pid}/maps"):
    m=re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
    if not m or "[v" in line: continue
    start,end=int(m[1],16),int(m[2],16)
    try:
        mem.seek(start)
        if word in mem.read(end-start): print("yes"); break
    except OSError: pass
`;
  return Bun.spawnSync(["python3", "-c", script, String(pid), word]).stdout.toString() === "yes\n";
};
