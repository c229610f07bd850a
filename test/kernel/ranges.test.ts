/**
 * Many ids: who the payload is among them, and whose they are outside (security.md, rows 36 to 39).
 * @module
 */
import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { ID_RANGE_FIRST, ID_RANGE_IDS, ID_RANGE_LAST } from "../../src/linux/idpool.ts";
import { callerWith, describeForMember, MEMBER } from "../support/accounts.ts";
import { bunker } from "../support/binary.ts";
import { box, boxed, python, running, shell } from "../support/box.ts";
import { type Caller, describeForCaller, SHARED_BINARY, testWith } from "../support/callers.ts";
import { parseStatus, statusOf } from "../support/processes.ts";
import { lockedRanges } from "../support/ranges.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { seat } from "../support/terminal.ts";

const scratch = scratchDirectory();
const AUTO = ["--userns", "auto"];
const NONE = "0".repeat(16);
const SETS = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];

const map = (pid: number, which: "uid" | "gid"): number[] =>
  readFileSync(`/proc/${pid}/${which}_map`, "utf8").trim().split(/\s+/).map(Number);

/** Real, effective, saved and file system id. */
const four = (id: number): string => Array(4).fill(id).join("\t");

const statusIn = (caller: Caller, ...flags: readonly string[]) =>
  parseStatus(boxed(caller, ["cat", "/proc/self/status"], { flags: [...AUTO, ...flags] }));

const tests = (caller: Caller): void => {
  test("65536 are mapped, init is root of them and the payload one without rights", async () => {
    await using sandbox = await running(caller, { flags: AUTO });
    const [uids, gids] = [map(sandbox.init, "uid"), map(sandbox.init, "gid")];
    expect([uids[0], uids[2], gids[0], gids[2]]).toEqual([0, ID_RANGE_IDS, 0, ID_RANGE_IDS]);
    const [uid = 0, gid = 0] = [uids[1], gids[1]];
    expect([statusOf(sandbox.init, "Uid"), statusOf(sandbox.init, "Gid")]).toEqual([four(uid), four(gid)]);
    expect(statusOf(sandbox.payload, "Uid")).toBe(four(uid + 1000));
    expect(statusOf(sandbox.payload, "Gid")).toBe(four(gid + 1000));
    for (const pid of [sandbox.init, sandbox.payload]) expect(statusOf(pid, "Groups")).toBe("");
  });

  test("the payload is 1000 inside, with a name, and a home and a /tmp to write to", () => {
    const script =
      "echo $(id -u) $(id -g) $(id -G) $(whoami) $HOME; touch ~/file /tmp/file /dev/shm/file && echo wrote";
    expect(shell(caller, script, { flags: AUTO })).toBe("1000 1000 1000 sandbox /home/sandbox\nwrote");
  });

  test("what the sandbox is made of belongs to root inside", () => {
    const paths = "/ /etc /etc/passwd /etc/hostname /run /tmp /dev /dev/shm /var /home";
    const owners = shell(caller, `stat -c %u:%g ${paths} | sort -u; stat -c %u:%g ~`, { flags: AUTO });
    expect(owners).toBe("0:0\n1000:1000");
  });

  test("a tmpfs that was asked for belongs to the payload", () => {
    const flags = [...AUTO, "--tmpfs", "/scratch:mode=700", "--user", "5:6"];
    expect(shell(caller, "stat -c %u:%g:%a /scratch; touch /scratch/x && echo wrote", { flags })).toBe(
      "5:6:700\nwrote",
    );
  });

  test.each([
    ["root", "0 0"],
    ["nobody", "65534 65534"],
    ["5:6", "5 6"],
    ["sandbox:root", "1000 0"],
    ["65535:65535", "65535 65535"],
  ])("--user %s is %s inside", (user, ids) => {
    expect(shell(caller, "echo $(id -u) $(id -g)", { flags: [...AUTO, "--user", user] })).toBe(ids);
  });

  test("there are no capabilities in any of the five sets, and no way back to one", () => {
    for (const flags of [[], ["--user", "root"], ["--no-init"], ["--no-init", "--user", "root"]]) {
      const status = statusIn(caller, ...flags);
      for (const set of SETS) expect([flags, set, status[set]]).toEqual([flags, set, NONE]);
      expect(status.NoNewPrivs).toBe("1");
    }
  });

  test("those of --cap-add are in all five, for every user", () => {
    for (const user of ["sandbox", "root", "5"]) {
      const status = statusIn(caller, "--cap-add", "CHOWN", "--cap-add", "NET_RAW", "--user", user);
      for (const set of SETS) expect([user, set, status[set]]).toEqual([user, set, "0000000000002001"]);
    }
  });

  testWith(["python3"], "with the capabilities for it other users are in reach, and no others", () => {
    const become = `
import json, os
def may(call, *ids):
    try: call(*ids); return True
    except OSError as error: return error.strerror
print(json.dumps([may(os.setgroups, [7, 65535]), may(os.setgroups, [65536]), may(os.setresgid, 9, 9, 9), may(os.setresuid, 65536, -1, -1), may(os.setresuid, 8, 8, 8), may(os.setresuid, 0, 0, 0)]))`;
    const flags = [...AUTO, "--cap-add", "SETUID", "--cap-add", "SETGID"];
    const invalid = "Invalid argument";
    // A user that is not root loses nothing on the way to another one.
    expect(python(caller, become, { flags })).toEqual([true, invalid, true, invalid, true, true]);
    // Root that becomes somebody else loses its capabilities, as programs expect it to.
    const asRoot = python(caller, become, { flags: [...flags, "--user", "root"] });
    expect(asRoot).toEqual([true, invalid, true, invalid, true, "Operation not permitted"]);
  });

  test("--group-add gives groups, by number and by name", () => {
    const flags = [...AUTO, "--group-add", "44", "--group-add", "nogroup", "--group-add", "7"];
    expect(shell(caller, "grep ^Groups: /proc/self/status | tr -s '\\t '", { flags })).toBe("Groups:\t7 44 65534 ");
  });

  test("a group that is not mapped is refused before anything starts", () => {
    const { exitCode, stderr } = box(caller, ["true"], { flags: [...AUTO, "--group-add", "70000"] });
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining("gid 70000, of --group-add, is not mapped")]);
  });

  test("nobody inside has a right over files of the caller's or of root's", () => {
    chmodSync(scratch.file(`secret-${caller.name}`, "secret"), 0o600);
    const flags = [...AUTO, "--user", "root", "--cap-add", "ALL", "-v", `${scratch.path}:/data`];
    const script = `cat /data/secret-${caller.name} || chown 0 /data/secret-${caller.name} || echo denied`;
    expect(shell(caller, `{ ${script}; } 2>/dev/null`, { flags })).toBe("denied");
  });

  test("the payload owns its terminal, and can open it by its name", async () => {
    await using at = seat([
      ...caller.prefix,
      SHARED_BINARY,
      "run",
      ...AUTO,
      "sh",
      "-c",
      "stat -c owner=%u $(tty); echo by name >$(tty)",
    ]);
    await at.see("owner=1000");
    await at.see("by name");
    expect(await at.process.exited).toBe(0);
  });

  test("are there for a sandbox that a plugin supervises", () => {
    const plugin = scratch.plugin(`range-${caller.name}`, "created() {}");
    expect(shell(caller, "id -u; cut -c1-11 /proc/self/uid_map", { flags: [...AUTO, "--plugin", plugin] })).toBe(
      "1000\n         0 ",
    );
  });
};

describeForCaller("root", "a range of ids", (caller) => {
  tests(caller);

  test("is one of those for containers, and of nobody else", async () => {
    await using sandbox = await running(caller, { flags: AUTO });
    const base = map(sandbox.init, "uid")[1] ?? 0;
    expect(base % ID_RANGE_IDS).toBe(0);
    expect(base).toBeGreaterThanOrEqual(ID_RANGE_FIRST);
    expect(base).toBeLessThanOrEqual(ID_RANGE_LAST);
    expect(lockedRanges()).toContain(base);
  });

  test("owns the files of a writable volume", () => {
    boxed(caller, ["touch", "/data/file"], { flags: [...AUTO, "-v", `${scratch.directory("range")}:/data`] });
    const { uid, gid } = statSync(scratch.at("range", "file"));
    expect([uid % ID_RANGE_IDS, gid % ID_RANGE_IDS]).toEqual([1000, 1000]);
    expect(uid).toBeGreaterThan(ID_RANGE_FIRST);
  });

  test.each([[AUTO], [["--uidmap", "0:100000:2000"]]])("cannot be compiled: %p", (flags) => {
    const { exitCode, stderr } = bunker(["compile", "-o", scratch.at("image"), ...flags, "--", "true"]);
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining("many ids are given out when it starts")]);
    expect(existsSync(scratch.at("image"))).toBe(false);
  });

  test("is not for a payload that may outlive its sandbox", () => {
    const { exitCode, stderr } = box(caller, ["true"], { flags: [...AUTO, "--pid", "host"] });
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining("--pid host does not end")]);
  });
});

describeForMember("a range of ids", (caller) => {
  tests(caller);

  test("is the caller's of /etc/subuid and /etc/subgid", async () => {
    await using sandbox = await running(caller, { flags: AUTO });
    expect(map(sandbox.init, "uid")[1]).toBe(MEMBER.subuid?.[0]);
    expect(map(sandbox.init, "gid")[1]).toBe(MEMBER.subgid?.[0]);
  });

  test("is nobody's who has none", () => {
    const { exitCode, stderr } = box(callerWith({ ...MEMBER, subuid: undefined }), ["true"], { flags: AUTO });
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining("/etc/subuid gives member no ids")]);
    expect(stderr).toContain("sudo usermod --add-subuids");
  });

  test.each([
    ["that has lost its setuid bit", "mount --bind /bin/true /usr/bin/newuidmap", "it is not setuid root"],
    ["whose file system is nosuid", "mount --bind /usr /usr; mount -o remount,bind,nosuid /usr", "mounted nosuid"],
  ])("has a helper %s explained, and leaves nothing", (_label, before, message) => {
    const { exitCode, stderr } = box(callerWith(MEMBER, before), ["true"], { flags: AUTO });
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining(message)]);
  });

  test("has the helper's own words where it refuses", () => {
    const through = ["setpriv", "--no-new-privs", "--"];
    const { exitCode, stderr } = box(caller, ["true"], { flags: AUTO, through });
    expect(exitCode).toBe(125);
    expect(stderr).toContain("newgidmap: write to gid_map failed: Operation not permitted");
    expect(stderr).toContain("no_new_privs is set");
  });

  test("can have the caller's own id in it, for files that are the caller's", () => {
    const own = scratch.directory("own");
    const flags = [
      "--uidmap",
      `1000:${MEMBER.uid}:1`,
      "--uidmap",
      "0:200000:1000",
      "--gidmap",
      `1000:${MEMBER.uid}:1`,
      "--gidmap",
      "0:300000:1000",
    ];
    boxed(caller, ["touch", "/data/file"], { flags: [...flags, "-v", `${own}:/data`] });
    expect(statSync(scratch.at("own", "file"))).toMatchObject({ uid: MEMBER.uid, gid: MEMBER.uid });
    expect(shell(caller, "stat -c %u / ~", { flags })).toBe("0\n1000");
  });

  test("is refused where it is somebody else's", () => {
    const { exitCode, stderr } = box(caller, ["true"], { flags: ["--uidmap", "0:1000000:2000"] });
    expect([exitCode, stderr]).toEqual([
      125,
      expect.stringContaining("uid 1000000-1001999 outside is not yours to give"),
    ]);
  });
});

describeForCaller("root", "a map of root's choice", (caller) => {
  test("is the one that was given", () => {
    const flags = ["--uidmap", "0:700000:10", "--uidmap", "1000:800000:1", "--gidmap", "0:900000:2000"];
    expect(shell(caller, "tr -s ' ' </proc/self/uid_map; tr -s ' ' </proc/self/gid_map; id -u", { flags })).toBe(
      " 0 700000 10\n 1000 800000 1\n 0 900000 2000\n1000",
    );
  });

  test("is worked on by the payload's user where root is not in it", async () => {
    const flags = ["--uidmap", "1000:700000:1", "--gidmap", "1000:700000:1"];
    expect(shell(caller, "id -u; stat -c %u /etc/passwd; touch ~/x && echo wrote", { flags })).toBe(
      "1000\n1000\nwrote",
    );
    await using sandbox = await running(caller, { flags });
    expect(statusOf(sandbox.init, "Uid")).toBe(four(700_000));
  });

  test("has 340 lines", () => {
    const lines = Array.from({ length: 340 }, (_, index) => ["--uidmap", `${2 * index}:${2 * index + 9}:1`]).flat();
    expect(shell(caller, "wc -l </proc/self/uid_map", { flags: [...lines, "--user", "0:0"] })).toBe("340");
  });

  test("does not contain root of the host, unless that is said in so many words", () => {
    const flags = ["--uidmap", "0:0:2000", "--user", "root"];
    const { exitCode, stderr } = box(caller, ["true"], { flags });
    expect([exitCode, stderr]).toEqual([
      125,
      expect.stringContaining("--uidmap maps uid 0 of the host, which is root, to 0"),
    ]);
    const dangerous = [...flags, "--dangerously-map-host-root"];
    expect(shell(caller, "tr -s ' ' </proc/self/uid_map", { flags: dangerous })).toBe(" 0 0 2000");
    const explained = bunker(["explain", ...dangerous, "--", "true"]).stdout;
    expect(explained).toContain("--dangerously-map-host-root: --uidmap maps uid 0 of the host");
    expect(explained).toMatch(/id maps\n {2}uid {2}0-1999 inside, 0-1999 outside/);
  });
});

describe("explain", () => {
  test("shows maps, groups and securebits, as text and as JSON", () => {
    const flags = process.getuid?.() === 0 ? ["--uidmap", "0:700000:2000", "--group-add", "44"] : [];
    const text = bunker(["explain", ...flags, "--", "true"]).stdout;
    expect(text).toMatch(
      /^securebits +NOROOT NO_SETUID_FIXUP NO_CAP_AMBIENT_RAISE, KEEP_CAPS off, all locked +bunker$/m,
    );
    expect(text).toMatch(/^groups +(44|none) +userns$/m);
    const json = JSON.parse(bunker(["explain", "--json", ...flags, "--", "true"]).stdout);
    expect(json.securebits).toEqual({
      locked: ["NOROOT", "NO_SETUID_FIXUP", "NO_CAP_AMBIENT_RAISE"],
      plugin: "bunker",
    });
    if (flags.length === 0) return;
    expect(text).toContain("for bunker run alone: userns: many ids are given out when it starts");
    expect(json.identity.groups).toEqual([44]);
    expect(json.identity.maps.uid).toEqual([{ inside: 0, outside: 700_000, count: 2000 }]);
  });
});
