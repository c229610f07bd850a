import { describe, expect, test } from "bun:test";
import rootfs from "../../../plugins/rootfs/index.ts";
import { fakeHost, ROOT } from "../../support/host.ts";
import { ANN, type PlanOptions, planOf, sectionOf } from "../../support/plan.ts";

/** The lines of a plan about these targets. */
const linesOf = (section: object, targets: RegExp, options: PlanOptions = {}): readonly string[] =>
  planOf(rootfs, section, options)
    .split("\n")
    .filter((line) => targets.test(line));

const WORK = /^\/home\/ann/;

describe("rootfs: plan", () => {
  test("shows the host's system read-only, the current directory read-only, and nothing else", () => {
    expect(planOf(rootfs)).toMatchInlineSnapshot(`
      "namespace mnt
      root type tmpfs, sizeBytes 16777216, inodes 4096
      /usr  ro directory /usr
      /bin  → usr/bin
      /lib  → usr/lib
      /etc/ld.so.cache  ro file /etc/ld.so.cache
      /etc/ssl/certs  ro directory /etc/ssl/certs
      /etc/localtime  → /usr/share/zoneinfo/UTC
      /home/ann/work  ro directory /home/ann/work
      /etc/nsswitch.conf  file 0644 "passwd: files\\ngroup: files\\nshadow: files\\nhosts: files dns\\nnetworks: files\\nservices: files\\n"
      /etc/passwd  file 0644 "root:x:0:0::/root:/bin/sh\\nann:x:<uid>:<gid>::/home/ann:/bin/sh\\nnobody:x:65534:65534::/nonexistent:/bin/sh\\n"
      /etc/group  file 0644 "root:x:0:\\nann:x:<gid>:\\nnogroup:x:65534:\\n"
      /tmp  tmpfs rw 67108864 bytes, 65536 inodes, 01777
      /run  tmpfs rw 67108864 bytes, 65536 inodes, 0755
      /var  directory 0755
      /var/tmp  → ../tmp
      /home/ann  tmpfs rw 67108864 bytes, 65536 inodes, 0700
      workdir path /home/ann/work"
    `);
  });

  test("leaves the ids of the payload open, and has no second root or nobody", () => {
    const etc = (uid: number) =>
      linesOf({}, /^\/etc\/(passwd|group)/, { identity: { ...ANN, uid, gid: uid, name: "x" } });
    expect(etc(7)).toMatchInlineSnapshot(`
      [
        "/etc/passwd  file 0644 "root:x:0:0::/root:/bin/sh\\nx:x:<uid>:<gid>::/home/ann:/bin/sh\\nnobody:x:65534:65534::/nonexistent:/bin/sh\\n"",
        "/etc/group  file 0644 "root:x:0:\\nx:x:<gid>:\\nnogroup:x:65534:\\n"",
      ]
    `);
    expect(etc(0)).toMatchInlineSnapshot(`
      [
        "/etc/passwd  file 0644 "root:x:0:0::/home/ann:/bin/sh\\nnobody:x:65534:65534::/nonexistent:/bin/sh\\n"",
        "/etc/group  file 0644 "root:x:0:\\nnogroup:x:65534:\\n"",
      ]
    `);
    expect(etc(65_534)).toMatchInlineSnapshot(`
      [
        "/etc/passwd  file 0644 "root:x:0:0::/root:/bin/sh\\nnobody:x:65534:65534::/home/ann:/bin/sh\\n"",
        "/etc/group  file 0644 "root:x:0:\\nnogroup:x:65534:\\n"",
      ]
    `);
  });

  test("binds what the host has as a link to somewhere else", () => {
    const host = fakeHost({ nodes: { "/etc/localtime": "→/data/zone", "/data/zone": "=" } });
    expect(linesOf({}, /localtime/, { host })).toEqual(["/etc/localtime  ro file /data/zone"]);
  });

  test("binds the directories of a host that has not merged them into /usr", () => {
    const host = fakeHost({ nodes: { "/bin": "directory", "/lib64": "directory" } });
    expect(linesOf({}, /^\/(bin|lib64)/, { host })).toEqual(["/bin  ro directory /bin", "/lib64  ro directory /lib64"]);
  });

  test("shows the runtime where scripts find it", () => {
    expect(linesOf({ runtime: true }, /^\/run\/bunker/)).toEqual(["/run/bunker/bun  ro file /opt/bunker"]);
  });

  test("starts the payload where it is told to", () => {
    expect(planOf(rootfs, sectionOf(rootfs, ["workdir", "/usr/"]))).toContain("workdir path /usr");
  });
});

describe("rootfs: current directory", () => {
  const HOMES = { "/home/bob": "directory", "/home/bob/x": "directory", "/home/ann/work/deep": "directory" } as const;
  const planAt = (cwd: string, caller = {}) =>
    planOf(rootfs, {}, { host: fakeHost({ cwd, nodes: { ...HOMES, [cwd]: "directory" }, ...caller }) });

  test.each(["/tmp/x", "/home/ann/work", "/home/ann/work/deep", "/home/bob/x", "/var/x", "/root/x", "/srv/x", "/data"])(
    "is shown at %s",
    (cwd) => {
      const plan = planAt(cwd);
      expect(plan).toContain(`\n${cwd}  ro directory ${cwd}\n`);
      expect(plan).toContain(`\nworkdir path ${cwd}`);
    },
  );

  test.each([
    "/",
    "/home",
    "/home/ann",
    "/home/bob",
    "/root",
    "/tmp",
    "/var",
    "/run",
    "/run/x",
    "/proc/1",
    "/etc/x",
    "/dev",
    "/sys/x",
  ])("is not shown at %s, with a note, and the payload starts at home", (cwd) => {
    const plan = planAt(cwd);
    expect(plan).not.toContain(` ro directory ${cwd}\n`);
    expect(plan).toContain(`note The current directory ${cwd} is not shown: `);
    expect(plan).toContain("\nworkdir path /home/ann\n");
  });

  test("is not shown where it holds a home that is elsewhere", () => {
    const nodes = { "/data/homes/ann": "directory", "/data/homes": "directory", "/h": "→/data/homes" } as const;
    const environment = { HOME: "/h/ann" };
    expect(planAt("/data/homes", { nodes, environment })).toContain(
      "note The current directory /data/homes is not shown",
    );
  });

  test("needs no mount where it is in view anyway", () => {
    const plan = planAt("/usr/lib");
    expect(plan).not.toContain("/usr/lib  ro");
    expect(plan).toContain("workdir path /usr/lib");
  });

  test("is shown below /var/tmp where the link leads, which is /tmp", () => {
    expect(planAt("/var/tmp/x")).toContain("workdir path /var/tmp/x");
  });

  test("can be left out", () => {
    expect(linesOf({ cwd: false }, /ann\/work|note|workdir/)).toEqual(["workdir path /home/ann"]);
  });

  test("may be gone", () => {
    expect(planOf(rootfs, {}, { host: fakeHost({ cwd: "/gone" }) })).toContain("note The current directory is gone.");
  });
});

describe("rootfs: mounts of the user's", () => {
  test("are writable unless told otherwise, and come from where the source really is", () => {
    const section = sectionOf(rootfs, ["volume", "./data:/data"], ["volume", "./link.ts:/x:ro"]);
    expect(linesOf(section, /^\/(data|x)/)).toEqual([
      "/data  rw directory /home/ann/work/data",
      "/x  ro file /home/ann/other/lib.ts",
    ]);
  });

  test("refuse a source that is missing", () => {
    expect(() => planOf(rootfs, { volumes: ["./none:/x"] })).toThrow('volume source "./none" does not exist');
    expect(() => planOf(rootfs, { write: ["/none"] })).toThrow('"/none" does not exist');
    expect(() => planOf(rootfs, { read: ["none"] })).toThrow('"none" does not exist');
  });

  test("replace what is at or below their target", () => {
    const section = sectionOf(
      rootfs,
      ["tmpfs", "/tmp:size=1m"],
      ["volume", "./data:/home/ann"],
      ["volume", "./data:/etc/ssl"],
    );
    expect(linesOf(section, /^\/(tmp|home\/ann|etc\/ssl)/)).toEqual([
      "/home/ann  rw directory /home/ann/work/data",
      "/etc/ssl  rw directory /home/ann/work/data",
      "/tmp  tmpfs rw 1048576 bytes, 65536 inodes, 01777",
    ]);
  });

  test("hide the current directory rather than have its mount point made in them", () => {
    const plan = planOf(rootfs, { volumes: ["./data:/home/ann"] });
    expect(plan).toContain("note The current directory /home/ann/work is not shown: a mount of yours hides its place");
    expect(plan).toContain("workdir path /home/ann\n");
  });

  test("go through the links of the view", () => {
    expect(linesOf({ volumes: ["./script.ts:/bin/env"] }, /env/)).toEqual([
      "/usr/bin/env  rw file /home/ann/work/script.ts",
    ]);
  });

  test("refuse two at the same target", () => {
    expect(() => planOf(rootfs, { volumes: ["./data:/x", "/tmp:/x/"] })).toThrow("same target");
    expect(() => planOf(rootfs, { volumes: ["./data:/x"], tmpfs: ["/x"] })).toThrow("same target");
  });

  test("refuse a target that is missing in a directory that is read-only", () => {
    expect(() => planOf(rootfs, { volumes: ["./data:/usr/none"] })).toThrow("does not exist in /usr");
    expect(() => planOf(rootfs, { volumes: ["./data:/usr/lib"] })).not.toThrow();
    expect(() => planOf(rootfs, { volumes: ["./data:/y", "/tmp:/y/none"] })).not.toThrow();
  });

  test("refuse a target that is a link in a directory of the host's", () => {
    const volumes = ["/home/ann/work:/y", "./data:/y/link.ts"];
    expect(() => planOf(rootfs, { volumes })).toThrow("symbolic link");
  });
});

describe("rootfs: paths that are allowed", () => {
  test("are at their own place, writable or not", () => {
    const section = sectionOf(rootfs, ["allow-read", "/home/ann/other,/srv/root"], ["allow-write", "data"]);
    expect(linesOf(section, /^\/(home\/ann\/|srv)/)).toEqual([
      "/home/ann/work/data  rw directory /home/ann/work/data",
      "/home/ann/work  ro directory /home/ann/work",
      "/srv/root  ro directory /srv/root",
      "/home/ann/other  ro directory /home/ann/other",
    ]);
  });

  test("need no mount where they are in view as they should be", () => {
    expect(linesOf({ read: ["script.ts", "/usr/bin/env", "/bin/env"] }, /script|env/)).toEqual([]);
    expect(linesOf({ write: [".", "data", "."], read: ["data", "script.ts"] }, WORK)).toEqual([
      "/home/ann/work  rw directory /home/ann/work",
      "/home/ann  tmpfs rw 67108864 bytes, 65536 inodes, 0700",
    ]);
  });

  test("keep a volume read-only inside of a writable directory", () => {
    const section = { write: ["."], volumes: ["./data:/home/ann/work/data:ro"] };
    expect(linesOf(section, /^\/home\/ann\/work/)).toEqual([
      "/home/ann/work/data  ro directory /home/ann/work/data",
      "/home/ann/work  rw directory /home/ann/work",
    ]);
  });

  test("are shown again where something else hides them", () => {
    const section = { tmpfs: ["/home/ann/work/data"], shared: ["/home/ann/work/script.ts", "/home/ann/work/data/x"] };
    const host = fakeHost({ nodes: { "/home/ann/work/data/x": "=" } });
    expect(linesOf(section, /data\/x|script/, { host })).toEqual([
      "/home/ann/work/data/x  ro file /home/ann/work/data/x",
    ]);
  });

  test("make a link of the current directory lead somewhere", () => {
    expect(linesOf({ shared: ["/home/ann/work/link.ts"] }, /link|other/)).toEqual([
      "/home/ann/other/lib.ts  ro file /home/ann/other/lib.ts",
    ]);
  });

  test("are at the place by which they were called, where a link leads to them", () => {
    const host = fakeHost({ nodes: { "/l": "→/home/ann/other" } });
    expect(linesOf({ shared: ["/l/lib.ts"] }, /lib\.ts/, { host })).toEqual([
      "/l/lib.ts  ro file /home/ann/other/lib.ts",
    ]);
  });

  test.each(["/", "/etc", "/proc/self", "/dev/shm"])("are not %s", (path) => {
    expect(() => planOf(rootfs, { read: [path] })).toThrow("belongs to the sandbox");
    expect(() => planOf(rootfs, { write: [path] })).toThrow("belongs to the sandbox");
  });
});

describe("rootfs: a directory as root", () => {
  const section = sectionOf(rootfs, ["rootfs", "/srv/root"]);

  test("is writable, covered at /tmp, and shows nothing else of the host", () => {
    expect(planOf(rootfs, section)).toMatchInlineSnapshot(`
      "namespace mnt
      root type directory, source /srv/root, readOnly false
      /tmp  tmpfs rw 67108864 bytes, 65536 inodes, 01777
      workdir path /"
    `);
  });

  test("is read-only when asked to", () => {
    expect(planOf(rootfs, sectionOf(rootfs, ["rootfs", "/srv/root"], ["read-only", "true"]))).toContain(
      "readOnly true",
    );
  });

  test("covers /run for the runtime, so that nothing is made in the directory", () => {
    expect(linesOf({ ...section, runtime: true }, /^\/run/)).toEqual([
      "/run/bunker/bun  ro file /opt/bunker",
      "/run  tmpfs rw 67108864 bytes, 65536 inodes, 0755",
    ]);
  });

  test("refuses a target that cannot be made in it", () => {
    const volumes = ["/usr:/none"];
    expect(() => planOf(rootfs, { ...section, volumes, readOnly: true })).toThrow("does not exist in /srv/root");
    expect(() => planOf(rootfs, { ...section, volumes })).not.toThrow();
  });

  test.each([
    ["/none", "does not exist"],
    ["/opt/bunker", "cannot be the root"],
    ["/", "cannot be the root"],
  ])("is not %s", (directory, problem) => {
    expect(() => planOf(rootfs, { directory })).toThrow(problem);
  });
});

describe("rootfs: config", () => {
  test.each([
    { volumes: ["/a:/b:z"] },
    { tmpfs: ["/a:size=1x"] },
    { read: [""] },
    { workdir: "relative" },
    { workdir: "/a/../b" },
    { directory: "" },
    { Volumes: [] },
  ])("refuses %j", (section) => {
    expect(() => planOf(rootfs, section)).toThrow();
  });

  test("says what is wrong with a flag, and how it is used", () => {
    expect(() => sectionOf(rootfs, ["volume", "/a:/b:z"])).toThrow('--volume: "/a:/b:z": unknown option "z"');
    expect(() => sectionOf(rootfs, ["allow-read", "a,,b"])).toThrow("empty item");
  });

  test("is the same for root", () => {
    expect(planOf(rootfs, {}, { host: fakeHost(ROOT) })).toBe(planOf(rootfs));
  });
});
