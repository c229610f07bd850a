/**
 * Idmapped volumes: the files of one owner are the payload's, in the sandbox and on the host, and nobody else's are.
 * @module
 */
import { expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { box, shell } from "../support/box.ts";
import { describeForCaller, describeForCallers, SHARED_BINARY } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const OWNER = { uid: 4321, gid: 5432 };

/** A directory of somebody's, with a file that nobody else may read, and one of somebody else's. */
const makeVolume = (name: string, uid: number, gid: number): string => {
  const top = scratch.at(name);
  mkdirSync(`${top}/sub`, { recursive: true });
  writeFileSync(`${top}/private`, "mine", { mode: 0o600 });
  writeFileSync(`${top}/others`, "others", { mode: 0o600 });
  for (const path of [top, `${top}/sub`, `${top}/private`]) chownSync(path, uid, gid);
  chownSync(`${top}/others`, uid + 1, gid + 1);
  return top;
};

describeForCaller("root", "a volume with idmap", (caller) => {
  const top = makeVolume("owned", OWNER.uid, OWNER.gid);
  const flags = ["-v", `${top}:/v:idmap`];

  test("has the files of its owner as the payload's own, and others' as nobody's", () => {
    expect(shell(caller, "cat /v/private; stat -c '%u %g' /v /v/private /v/others", { flags })).toBe(
      "mine1000 1000\n1000 1000\n65534 65534",
    );
    expect(box(caller, ["cat", "/v/others"], { flags }).exitCode).not.toBe(0);
    expect(box(caller, ["chown", "0", "/v/private"], { flags }).exitCode).not.toBe(0);
  });

  test("has what the payload makes as its owner's on the host", () => {
    shell(caller, "echo new >/v/sub/new; mkdir /v/sub/dir; echo more >>/v/private", { flags });
    for (const name of ["sub/new", "sub/dir", "private"]) {
      const { uid, gid } = statSync(`${top}/${name}`);
      expect({ uid, gid }).toEqual(OWNER);
    }
    expect(readFileSync(`${top}/private`, "utf8")).toBe("minemore\n");
    expect(shell(caller, "id -u; stat -c %u /v/private", { flags: [...flags, "--user", "root"] })).toBe("0\n0");
  });

  test("is nothing of the payload's without idmap", () => {
    const plain = ["-v", `${top}:/v`];
    expect(shell(caller, "stat -c %u /v", { flags: plain })).toBe("65534");
    expect(box(caller, ["cat", "/v/private"], { flags: plain }).exitCode).not.toBe(0);
    expect(box(caller, ["touch", "/v/sub/x"], { flags: plain }).exitCode).not.toBe(0);
  });

  test("can be read-only, a file, and one of several", () => {
    const many = [
      "-v",
      `${top}:/a:idmap,ro`,
      "-v",
      `${top}/private:/b:idmap`,
      "-v",
      "/usr/share:/c:ro",
      "-v",
      `${top}:/d:idmap`,
    ];
    expect(
      shell(caller, "cat /a/private >/dev/null; echo x >>/b; touch /d/t; rm /d/t; stat -c %u /a /b /c /d", {
        flags: many,
      }),
    ).toBe("1000\n1000\n65534\n1000");
    expect(box(caller, ["touch", "/a/x"], { flags: many }).exitCode).not.toBe(0);
  });

  test("gives nothing to a second sandbox with another id", () => {
    const uid = shell(caller, "cat /proc/self/uid_map", { flags });
    expect(uid).toMatch(/^\s+1000\s+18790\d+\s+1$/);
    expect(shell(caller, "stat -c %u /v/private", { flags })).toBe("1000");
  });

  test("of a file system that cannot is an error with the reason", () => {
    const { exitCode, stderr } = box(caller, ["true"], { flags: ["-v", "/proc/sys:/v:idmap,ro"] });
    expect([exitCode, stderr]).toEqual([
      125,
      expect.stringContaining('idmap of "/proc/sys": EINVAL, invalid argument'),
    ]);
    expect(stderr).toContain("cannot be idmapped");
  });

  test("works in memory too", () => {
    const start = `mount -t tmpfs x ${scratch.directory("memory")} && cd / && exec "$@"`;
    const words = [SHARED_BINARY, "run", "-v", `${scratch.at("memory")}:/v:idmap,ro`, "stat", "-c", "%u", "/v"];
    const { stdout, stderr } = Bun.spawnSync(["unshare", "-m", "sh", "-c", start, "sh", ...words]);
    expect([stdout.toString(), stderr.toString()]).toEqual(["1000\n", ""]);
  });

  test("is for bunker run alone", () => {
    const { exitCode, stderr } = Bun.spawnSync([SHARED_BINARY, "compile", "-o", "/tmp/never", ...flags, "true"], {
      cwd: "/",
    });
    expect([exitCode, stderr.toString()]).toEqual([
      125,
      expect.stringContaining("cannot compile: rootfs: ids of mounts"),
    ]);
  });
});

describeForCaller("root", "a volume of root's with idmap", (caller) => {
  const parent = scratch.at("parent");
  mkdirSync(parent);
  const top = makeVolume("parent/roots", 0, 0);
  const start = (rest: string) =>
    box(caller, ["sh", "-c", "id -u; cat /v/private"], { flags: ["-v", `${top}:/v:${rest}`] });

  test("is refused where others could execute what the payload leaves there", () => {
    for (const mode of [0o755, 0o711, 0o750, 0o710]) {
      chmodSync(parent, mode);
      const { exitCode, stderr } = start("idmap");
      expect([exitCode, stderr]).toEqual([125, expect.stringContaining("others can get there")]);
    }
  });

  test("is possible read-only, and where only root may enter", () => {
    chmodSync(parent, 0o755);
    expect(start("idmap,ro").stdout).toBe("1000\nmine");
    chmodSync(parent, 0o700);
    expect(start("idmap").stdout).toBe("1000\nmine");
    chmodSync(top, 0o700);
    chmodSync(parent, 0o755);
    // The payload owns the directory itself, and could open it.
    expect(start("idmap").exitCode).toBe(125);
  });

  test("is refused for its group alone, and where somebody else closes it", () => {
    chmodSync(parent, 0o755);
    chownSync(top, OWNER.uid, 0);
    expect(start("idmap").exitCode).toBe(125);
    chownSync(top, 0, 0);
    chmodSync(parent, 0o700);
    chownSync(parent, OWNER.uid, OWNER.gid);
    expect(start("idmap").exitCode).toBe(125);
    rmSync(parent, { recursive: true });
  });
});

describeForCallers("idmap without ids to map", (caller) => {
  const modes = caller.name === "root" ? [["--userns", "host"]] : [[]];

  test.each(modes.map((mode) => [mode.join(" ") || "as an unprivileged caller", mode] as const))(
    "is refused %s",
    (_name, mode) => {
      const { exitCode, stderr } = box(caller, ["true"], { flags: [...mode, "-v", "/usr/share:/v:idmap,ro"] });
      expect([exitCode, stderr]).toEqual([125, expect.stringContaining("ids of their own")]);
    },
  );
});
