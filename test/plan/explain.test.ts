import { describe, expect, test } from "bun:test";
import { sethostname } from "../../src/ir/calls.ts";
import { explainPlan, planToJson } from "../../src/plan/explain.ts";
import type { Plan } from "../../src/plan/plan.ts";

const PLAN: Plan = {
  command: ["echo", "two words"],
  supervisedBy: [],
  namespaces: [
    { name: "user", plugin: "userns" },
    { name: "uts", plugin: "hostname" },
  ],
  identity: { uid: "caller", gid: 7, outside: "caller", name: "ann", home: "/home/ann", plugin: "userns" },
  root: { type: "tmpfs", sizeBytes: 2 ** 20, inodes: 100, plugin: "rootfs" },
  entries: [
    { target: "/usr", type: "bind", source: "/usr", node: "directory", readOnly: true, plugin: "rootfs" },
    {
      target: "/work",
      type: "bind",
      source: "/srv/a b",
      node: "directory",
      readOnly: false,
      noexec: true,
      plugin: "rootfs",
    },
  ],
  covers: [],
  secrets: [],
  steps: [{ phase: "uts", ops: [sethostname("box")], plugin: "hostname" }],
  environment: [{ name: "NASTY", value: "\u001b[2J", plugin: "env" }],
  workdir: { path: "/work", plugin: "rootfs" },
  init: { enabled: true, plugin: "bunker" },
  capabilities: { numbers: [0, 21], plugin: "capabilities" },
  newPrivileges: { allowed: false, plugin: "no_new_privs" },
  oomScore: { atLeast: 300, plugin: "process" },
  stdio: { streams: "relay", terminal: "auto", plugin: "stdio" },
  seccomp: {
    profile: "default",
    instructions: 120,
    sha256: "0123456789abcdef".repeat(4),
    log: false,
    skipped: [],
    plugin: "seccomp",
  },
  notes: [],
  runOnly: [],
};

test("a plan as text says what the sandbox will be, and who asked for what", () => {
  expect(explainPlan(PLAN)).toMatchInlineSnapshot(`
    "command          echo "two words"
    kind             self-contained: no plugin has work to do outside, so that it can be compiled
    identity         ann, uid the caller's id, gid 7, home /home/ann; the caller's ids outside                  userns
    groups           none                                                                                       userns
    user namespaces  none can be made inside                                                                    userns
    root             tmpfs of 1 MiB, 100 inodes, read-only once it is built                                     rootfs
    directory        /work                                                                                      rootfs
    streams          pipes as they are, files through pipes; a terminal of its own where standard input is one  stdio
    init             yes: reaps, forwards signals                                                               bunker
    capabilities     CHOWN SYS_ADMIN                                                                            capabilities
    securebits       the kernel's defaults, not locked                                                          capabilities
    oom score        at least 300                                                                               process
    execve           gains no privileges (no_new_privs)                                                         no_new_privs
    seccomp          default, 120 instructions, sha256 0123456789abcdef                                         seccomp

    namespaces
      user  userns
      uts   hostname

    file system
      /usr   host directory, read-only                    rootfs
      /work  host directory "/srv/a b", writable, noexec  rootfs

    environment
      NASTY="\\e[2J"  env

    steps
      uts  sethostname("box", 3)  hostname"
  `);
});

test("a supervised sandbox says who supervises, and with which hooks", () => {
  const text = explainPlan({ ...PLAN, supervisedBy: [{ plugin: "banner", hooks: ["started", "exited"] }] });
  expect(text).toContain("supervised: banner has work to do outside (started, exited)");
});

test("a plan as JSON can be written and has its operations as text", () => {
  const json = JSON.parse(JSON.stringify(planToJson(PLAN)));
  expect(json).toMatchObject({
    selfContained: true,
    capabilities: { names: ["CHOWN", "SYS_ADMIN"], plugin: "capabilities" },
  });
  expect(json.steps).toEqual([{ phase: "uts", plugin: "hostname", operations: ['sethostname("box", 3)'] }]);
});

describe("what is mounted, covered and handed over", () => {
  const plugin = "rootfs";
  const plan: Plan = {
    ...PLAN,
    entries: [
      { target: "/a", type: "overlay", source: "/s", sizeBytes: 2 ** 20, inodes: 9, plugin },
      { target: "/b", type: "overlay", source: "/s", upper: "/u", sizeBytes: 1024, inodes: 9, idmap: true, plugin },
      { target: "/c", type: "file", mode: 0o444, content: ["text"], mount: "read-only", plugin },
      { target: "/proc", type: "filesystem", filesystem: "proc", options: "", plugin: "proc" },
      { target: "/s/key", type: "file", mode: 0o400, content: [{ secret: "key" }], plugin: "secrets" },
    ],
    covers: [
      { target: "/a/.env", how: "hidden", node: "file", optional: false, plugin },
      { target: "/proc/keys", how: "hidden", node: "file", optional: true, plugin: "proc" },
      { target: "/proc/kcore", how: "hidden", node: "file", optional: true, plugin: "proc" },
      { target: "/proc/sys", how: "read-only", node: "directory", optional: true, plugin: "proc" },
    ],
    secrets: [{ name: "key", from: { file: "/home/ann/key" }, plugin: "secrets" }],
    runOnly: [{ reason: "what they are is read when it starts", plugin: "secrets" }],
  };

  test("is told line by line", () => {
    const text = explainPlan(plan);
    expect(text.slice(text.indexOf("file system"), text.indexOf("\n\nenvironment"))).toMatchInlineSnapshot(`
      "file system
        /a      overlay of host directory /s, writes stay in memory: 1 MiB, 9 inodes                                                  rootfs
        /b      overlay of host directory /s, writes stay in host directory /u/upper, its owner's files are the payload's (idmapped)  rootfs
        /c      file of 4 bytes, mode 0444, read-only by itself                                                                       rootfs
        /proc   new proc                                                                                                              proc
        /s/key  secret key, mode 0400                                                                                                 secrets

      covers
        /a/.env  hidden           rootfs
        /proc    hidden in it     proc  keys kcore
        /proc    read-only in it  proc  sys"
    `);
  });

  test("says what is for bunker run alone", () => {
    expect(explainPlan(plan)).toMatch(
      /^kind +self-contained: no plugin has work to do outside; for bunker run alone: secrets: what they are is read when it starts$/m,
    );
  });

  test("has secrets by their names only", () => {
    const json = JSON.stringify(planToJson(plan));
    expect(JSON.parse(json).secrets).toEqual([{ name: "key", plugin: "secrets" }]);
    expect(json).not.toContain("/home/ann/key");
  });
});
