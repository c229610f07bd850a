/**
 * What is mounted in on request: volumes and root directories, and the ways to be led astray by what is in them (security.md, row 9).
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { box, shell } from "../support/box.ts";
import { describeForCaller, describeForCallers, SHARED_BINARY } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const data = scratch.directory("data");
scratch.file("data/file", "of the host");

const volume = (source: string, rest: string): { readonly flags: readonly string[] } => ({
  flags: ["-v", `${source}:${rest}`],
});

describeForCallers("a volume", (caller) => {
  test("is there because it was named, writable or not", () => {
    expect(shell(caller, "cat /data/file", volume(data, "/data"))).toBe("of the host");
    shell(caller, "echo new >/data/made; rm /data/made", volume(data, "/data:rw"));
    for (const script of ["touch /data/new", "rm /data/file", "chmod 700 /data/file", "echo x >/data/file"])
      expect(box(caller, ["sh", "-c", script], volume(data, "/data:ro")).exitCode).not.toBe(0);
    expect(readFileSync(`${data}/file`, "utf8")).toBe("of the host");
  });

  test("executes nothing with noexec", () => {
    scratch.file("programs/run", "#!/bin/sh\necho ran\n");
    const programs = scratch.at("programs");
    expect(shell(caller, "/p/run", volume(programs, "/p:ro"))).toBe("ran");
    expect(box(caller, ["/p/run"], volume(programs, "/p:ro,noexec")).exitCode).toBe(126);
  });

  test("can be a file", () => {
    expect(shell(caller, "cat /opt/deep/down/file", volume(`${data}/file`, "/opt/deep/down/file:ro"))).toBe(
      "of the host",
    );
    expect(shell(caller, "cat /etc/motd", volume(`${data}/file`, "/etc/motd:ro"))).toBe("of the host");
  });

  test("has its target made where that is the sandbox's own, with every parent", () => {
    expect(shell(caller, "ls /srv/a/b/c", volume(data, "/srv/a/b/c"))).toBe("file");
    expect(existsSync("/srv/a")).toBe(false);
  });

  test("has its target made in another writable volume", () => {
    const outer = scratch.directory(`outer-${caller.name}`);
    const flags = ["-v", `${outer}:/outer`, "-v", `${data}:/outer/inner/deep`];
    expect(shell(caller, "cat /outer/inner/deep/file", { flags })).toBe("of the host");
    expect(readdirSync(`${outer}/inner/deep`)).toEqual([]);
  });

  test("that is missing is an error with its name", () => {
    const { exitCode, stderr } = box(caller, ["true"], volume("/no/such/source", "/data"));
    expect(exitCode).toBe(125);
    expect(stderr).toContain('volume source "/no/such/source" does not exist');
  });

  test.each(["/proc", "/proc/self", "/dev", "/dev/null", "/", "/sys", "relative", "/a/../b"])(
    "cannot be put at %s",
    (target) => {
      expect(box(caller, ["true"], volume(data, target)).exitCode).toBe(125);
    },
  );

  test("--allow-read and --allow-write show paths where they are", () => {
    const script = `cat ${data}/file; touch ${data}/written 2>/dev/null && rm ${data}/written && echo writable`;
    expect(shell(caller, `${script}; true`, { flags: ["--allow-read", data] })).toBe("of the host");
    expect(shell(caller, `${script}; true`, { flags: ["--allow-write", data] })).toBe("of the hostwritable");
  });
});

const targets = [
  "/etc",
  "../../etc",
  "/proc/self/fd/3",
  "/proc/self/fd/5",
  "/proc/self/cwd",
  "/proc/1/root/etc",
  scratch.at("elsewhere"),
];

describeForCallers("a link in a writable volume", (caller) => {
  scratch.directory("elsewhere");
  const trap = scratch.directory(`trap-${caller.name}`);
  const link = `${trap}/link`;

  afterEach(() => rmSync(link, { force: true }));

  test.each(targets)("to %s leads no mount to the host", (target) => {
    symlinkSync(target, link);
    for (const mount of [
      ["-v", `${data}:/trap/link/mounted`],
      ["-v", `${data}/file:/trap/link/mounted`],
      ["-v", `${data}:/trap/link`],
      ["-v", `${data}/file:/trap/link`],
      ["--tmpfs", "/trap/link/mounted"],
      ["--tmpfs", "/trap/link"],
    ]) {
      const { exitCode } = box(caller, ["true"], { flags: ["-v", `${trap}:/trap`, ...mount] });
      expect([0, 125]).toContain(exitCode);
    }
    for (const place of ["/etc/mounted", scratch.at("elsewhere", "mounted"), "/mounted"])
      expect(existsSync(place)).toBe(false);
    expect(readdirSync(scratch.at("elsewhere"))).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain("mounted");
  });

  test("to a directory on the host shows nothing of it inside", () => {
    symlinkSync(scratch.at("elsewhere"), link);
    expect(box(caller, ["ls", "/trap/link/"], volume(trap, "/trap")).exitCode).not.toBe(0);
  });
});

describeForCallers("--rootfs", (caller) => {
  const bare = scratch.directory(`rootfs-${caller.name}`);
  for (const name of ["usr", "bin", "lib", "lib64", "dev", "proc", "etc", "tmp", "sys"])
    scratch.directory(`rootfs-${caller.name}`, name);
  /** A root in which the host's programs work. */
  const system = ["usr", "bin", "lib", "lib64"]
    .filter((name) => existsSync(`/${name}`))
    .flatMap((name) => ["-v", `/${name}:/${name}:ro`]);
  const flags = ["--rootfs", bare, ...system];

  test("is the root, writable unless --read-only", () => {
    expect(shell(caller, "ls / | tr '\n' ' '; touch /made", { flags })).toBe("bin dev etc lib lib64 proc sys tmp usr ");
    expect(existsSync(`${bare}/made`)).toBe(true);
    rmSync(`${bare}/made`);
    expect(box(caller, ["touch", "/made"], { flags: [...flags, "--read-only"] }).exitCode).not.toBe(0);
  });

  test("leaves nothing in the directory", () => {
    expect(shell(caller, "ls /dev/null; ls /etc", { flags })).toBe("/dev/null");
    for (const name of ["dev", "proc", "etc", "tmp", "sys"]) expect(readdirSync(`${bare}/${name}`)).toEqual([]);
  });

  test.each(["dev", "proc", "tmp"])("with a link for its /%s leads no mount to the host", (name) => {
    for (const target of targets) {
      rmSync(`${bare}/${name}`, { recursive: true });
      symlinkSync(target, `${bare}/${name}`);
      const { exitCode } = box(caller, ["true"], { flags });
      expect([0, 125]).toContain(exitCode);
      expect(readdirSync(scratch.at("elsewhere"))).toEqual([]);
      rmSync(`${bare}/${name}`);
      mkdirSync(`${bare}/${name}`);
    }
  });

  test("cannot be the host's own root", () => {
    for (const root of ["/", "/proc/self/root", "/usr/.."])
      expect(box(caller, ["true"], { flags: ["--rootfs", root] }).exitCode).toBe(125);
  });
});

describeForCaller("root", "read-only", (caller) => {
  test("is recursive: a mount below the source is read-only too", () => {
    const [outer, below] = [scratch.directory("recursive"), scratch.directory("below")];
    scratch.directory("recursive", "sub");
    // A mount namespace of its own for the mount, so that the host has none.
    const prepare = `mount --bind ${below} ${outer}/sub && exec "$@"`;
    const start = (mode: string): string => {
      const run = [
        SHARED_BINARY,
        "run",
        "-v",
        `${outer}:/data:${mode}`,
        "sh",
        "-c",
        "touch /data/sub/file && echo made",
      ];
      const words = ["unshare", "-m", "--propagation", "private", "sh", "-c", prepare, "sh", ...run];
      return Bun.spawnSync([...caller.prefix, ...words], { cwd: "/" }).stdout.toString();
    };
    expect(start("rw")).toBe("made\n");
    expect(start("ro")).toBe("");
  });
});
