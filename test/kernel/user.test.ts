/**
 * The user namespace: who the payload is, inside and for the kernel (security.md, rows 36 to 39).
 * @module
 */
import { expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { ID_POOL_BASE, ID_POOL_SIZE } from "../../src/linux/idpool.ts";
import { box, boxed, python, running, shell } from "../support/box.ts";
import { describeForCaller, describeForCallers, testWith } from "../support/callers.ts";
import { statusOf } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();

const map = (pid: number, which: "uid" | "gid"): number[] =>
  readFileSync(`/proc/${pid}/${which}_map`, "utf8").trim().split(/\s+/).map(Number);

/** Real, effective, saved and file system id, as /proc/PID/status has them. */
const four = (id: number): string => Array(4).fill(id).join("\t");

const GROUPS = "grep ^Groups: /proc/self/status | tr -d ' \t'";

describeForCallers("the user namespace", (caller) => {
  const inside = caller.name === "root" ? 1000 : caller.uid;
  const insideGid = caller.name === "root" ? 1000 : caller.gid;

  test("maps one id, and the payload has it", async () => {
    expect(shell(caller, `id -u; id -g; id -G; ${GROUPS}`)).toBe([inside, insideGid, insideGid, "Groups:"].join("\n"));
    await using sandbox = await running(caller);
    const outside = caller.name === "root" ? ID_POOL_BASE + sandbox.init : caller.uid;
    const outsideGid = caller.name === "root" ? ID_POOL_BASE + sandbox.init : caller.gid;
    expect(map(sandbox.init, "uid")).toEqual([inside, outside, 1]);
    expect(map(sandbox.init, "gid")).toEqual([insideGid, outsideGid, 1]);
    for (const pid of [sandbox.init, sandbox.payload]) {
      expect(statusOf(pid, "Uid")).toBe(four(outside));
      expect(statusOf(pid, "Gid")).toBe(four(outsideGid));
      expect(statusOf(pid, "Groups")).toBe("");
    }
    expect(statSync(`/proc/${sandbox.payload}`).uid).toBe(outside);
  });

  testWith(["python3"], "does not let the payload have groups", () => {
    const flags = ["--user", "root"];
    if (caller.name === "unprivileged") expect(shell(caller, "cat /proc/self/setgroups", { flags })).toBe("deny");
    expect(shell(caller, GROUPS, { flags })).toBe("Groups:");
    const setgroups = (group: number): string => `
import json, os
try: os.setgroups([${group}]); print(json.dumps("may"))
except OSError: print(json.dumps("may not"))`;
    expect(python(caller, setgroups(0), { flags })).toBe("may not");
    // With the capability, groups that are not mapped stay out of reach.
    expect(python(caller, setgroups(4), { flags: [...flags, "--cap-add", "SETGID"] })).toBe("may not");
  });

  test.each([
    ["root", "0 0"],
    ["0", "0 0"],
    ["nobody", "65534 65534"],
    ["1234", `1234 ${insideGid}`],
    ["1234:77", "1234 77"],
    ["0:5", "0 5"],
    ["4294967294:4294967294", "4294967294 4294967294"],
  ])("--user %s chooses the ids inside, and none outside", async (user, ids) => {
    expect(shell(caller, "echo $(id -u) $(id -g)", { flags: ["--user", user] })).toBe(ids);
    await using sandbox = await running(caller, { flags: ["--user", user] });
    const outside = caller.name === "root" ? ID_POOL_BASE + sandbox.init : caller.uid;
    expect(statusOf(sandbox.payload, "Uid")).toBe(four(outside));
  });

  test.each(["-1", "4294967295", "+1", "01", " 1", "1:", ":1", "1:2:3", "0x0", "nosuchuser", ""])(
    "--user %p is refused",
    (user) => {
      expect(box(caller, ["true"], { flags: ["--user", user] }).exitCode).toBe(125);
    },
  );

  test("has a name and a home for whoever it is", () => {
    expect(shell(caller, "whoami; test -w $HOME && cd && pwd")).toMatch(/^(\w+)\n\/home\/\1$/);
    expect(shell(caller, "whoami; test -w $HOME && cd && pwd", { flags: ["--user", "root"] })).toBe("root\n/root");
  });

  test("has the accounts of --rootfs, by their names", () => {
    const bare = scratch.directory(`accounts-${caller.name}`);
    for (const name of ["usr", "bin", "lib", "lib64", "dev", "proc", "etc", "tmp"])
      scratch.directory(`accounts-${caller.name}`, name);
    scratch.file(`accounts-${caller.name}/usr-passwd`, "web:x:33:34::/srv/web:/bin/sh\n");
    scratch.file(`accounts-${caller.name}/etc/group`, "adm:x:4:\n");
    symlinkSync("/usr-passwd", `${bare}/etc/passwd`);
    const system = ["usr", "bin", "lib", "lib64"]
      .filter((name) => existsSync(`/${name}`))
      .flatMap((name) => ["-v", `/${name}:/${name}:ro`]);
    const flags = ["--rootfs", bare, ...system];
    const who = "echo $(id -u) $(id -g) $USER $HOME";
    expect(shell(caller, who, { flags: [...flags, "--user", "web"] })).toBe("33 34 web /srv/web");
    expect(shell(caller, who, { flags: [...flags, "--user", "web:adm"] })).toBe("33 4 web /srv/web");
    // Of the host's own.
    const { exitCode, stderr } = box(caller, ["true"], { flags: [...flags, "--user", "root"] });
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining('no user "root" in /etc/passwd of')]);
  });

  test("gives a payload that is root inside no right over the host's kernel", () => {
    const flags = ["--user", "root", "--cap-add", "ALL"];
    const write = "echo 1 > /proc/sys/kernel/sysrq || echo 1 > /proc/sys/vm/swappiness || echo b > /proc/sysrq-trigger";
    for (const more of [[], ["--proc", "full"]])
      expect(box(caller, ["sh", "-c", write], { flags: [...flags, ...more] }).exitCode).not.toBe(0);
    expect(box(caller, ["mknod", "/tmp/disk", "b", "8", "0"], { flags }).exitCode).not.toBe(0);
  });
});

describeForCaller("unprivileged", "a writable volume", (caller) => {
  test("has files of the caller's own", () => {
    boxed(caller, ["touch", "/data/own"], { flags: ["-v", `${scratch.directory("own")}:/data`] });
    expect(statSync(scratch.at("own", "own"))).toMatchObject({ uid: caller.uid, gid: caller.gid });
  });

  test("is not open to --userns host", () => {
    const { exitCode, stderr } = box(caller, ["true"], { flags: ["--userns", "host"] });
    expect([exitCode, stderr.includes("only root")]).toEqual([125, true]);
  });
});

describeForCaller("root", "kernel ids", (caller) => {
  test("are the sandbox's own, for two that run at once", async () => {
    await using one = await running(caller);
    await using other = await running(caller);
    const ids = [one, other].map(({ payload }) => Number(statusOf(payload, "Uid").split("\t")[0]));
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) {
      expect(id).toBeGreaterThanOrEqual(ID_POOL_BASE);
      expect(id).toBeLessThan(ID_POOL_BASE + ID_POOL_SIZE);
    }
  });

  test("own the files of a writable volume", () => {
    boxed(caller, ["touch", "/data/file"], { flags: ["-v", `${scratch.directory("pool")}:/data`] });
    expect(statSync(scratch.at("pool", "file")).uid).toBeGreaterThanOrEqual(ID_POOL_BASE);
  });

  test("have no right over files of the host's root, whatever capabilities there are inside", () => {
    chmodSync(scratch.file("secret", "secret"), 0o600);
    const flags = ["--user", "root", "--cap-add", "ALL", "-v", `${scratch.path}:/data`];
    expect(shell(caller, "cat /data/secret 2>/dev/null || echo denied", { flags })).toBe("denied");
    expect(shell(caller, "chown 0 /data/secret 2>/dev/null || echo denied", { flags })).toBe("denied");
  });

  test("are never those of the host's root, unless --userns host says so", () => {
    expect(shell(caller, "cat /proc/self/uid_map")).not.toMatch(/^\s*\d+\s+0\s/m);
    const flags = ["--userns", "host"];
    expect(shell(caller, "id -u; cat /proc/self/uid_map", { flags })).toMatch(/^0\n\s+0\s+0\s/);
    expect(shell(caller, "grep ^CapEff /proc/self/status", { flags })).toEndWith("0".repeat(16));
  });
});
