import { describe, expect, test } from "bun:test";
import rootfs from "../../../plugins/rootfs/index.ts";
import { fakeHost } from "../../support/host.ts";
import { ANN, type PlanOptions, planOf, sectionOf } from "../../support/plan.ts";

const linesOf = (section: object, targets: RegExp, options: PlanOptions = {}): readonly string[] =>
  planOf(rootfs, section, options)
    .split("\n")
    .filter((line) => targets.test(line));

const OWN_IDS: PlanOptions = { identity: { ...ANN, uid: 1000, gid: 1000, outside: "own" } };
const HOST_IDS: PlanOptions = { identity: { ...ANN, outside: "host" } };

describe("rootfs: overlays", () => {
  test("stay in memory, within limits, or in a directory", () => {
    const section = sectionOf(
      rootfs,
      ["overlay", "./data:/a"],
      ["overlay", "./data:/b:size=1m,nr_inodes=5,noexec"],
      ["overlay", "./data:/c:upper=/home/ann/other"],
    );
    expect(linesOf(section, /^\/[abc] /)).toEqual([
      "/a  overlay /home/ann/work/data, upper 67108864 bytes, 65536 inodes",
      "/b  overlay,noexec /home/ann/work/data, upper 1048576 bytes, 5 inodes",
      "/c  overlay /home/ann/work/data, upper /home/ann/other",
    ]);
  });

  test("replace what is at or below their target, the current directory too", () => {
    const section = sectionOf(rootfs, ["overlay", ".:/home/ann/work"]);
    expect(linesOf(section, /ann\/work/)).toEqual([
      "/home/ann/work  overlay /home/ann/work, upper 67108864 bytes, 65536 inodes",
      "workdir path /home/ann/work",
    ]);
  });

  test("have directories as their layers, that are there and not one in the other", () => {
    expect(() => planOf(rootfs, { overlays: ["/none:/x"] })).toThrow('"/none" does not exist');
    expect(() => planOf(rootfs, { overlays: ["./script.ts:/x"] })).toThrow("must be a directory");
    expect(() => planOf(rootfs, { overlays: ["./data:/x:upper=./script.ts"] })).toThrow("must be a directory");
    for (const [source, upper] of [
      [".", "./data"],
      ["./data", "."],
      ["./data", "./data"],
    ])
      expect(() => planOf(rootfs, { overlays: [`${source}:/x:upper=${upper}`] })).toThrow("one in the other");
  });

  test("are the payload's own where its ids are the sandbox's own, and then for bunker run alone", () => {
    expect(linesOf({ overlays: ["./data:/a"] }, /^\/a |run only/, OWN_IDS)).toEqual([
      "/a  overlay,idmap /home/ann/work/data, upper 67108864 bytes, 65536 inodes",
      "run only: ids of mounts are mapped from outside while it starts",
    ]);
    for (const options of [{}, HOST_IDS])
      expect(planOf(rootfs, { overlays: ["./data:/a"] }, options)).not.toMatch(/idmap|run only/);
  });
});

describe("rootfs: idmap", () => {
  test("is asked for, and for bunker run alone", () => {
    expect(linesOf({ volumes: ["./data:/a:idmap", "./data:/b:ro"] }, /^\/[ab] |run only/, OWN_IDS)).toEqual([
      "/a  rw,idmap directory /home/ann/work/data",
      "/b  ro directory /home/ann/work/data",
      "run only: ids of mounts are mapped from outside while it starts",
    ]);
  });

  test.each([
    ["the caller's", {}],
    ["the host's", HOST_IDS],
  ])("is refused where ids are %s", (_whose, options) => {
    expect(() => planOf(rootfs, { volumes: ["./data:/a:idmap"] }, options)).toThrow("ids of their own");
  });

  test("is not left out of a volume that is in view anyway", () => {
    const volumes = ["/home/ann/work:/home/ann/work:ro", "/home/ann/work/data:/home/ann/work/data:ro,idmap"];
    expect(linesOf({ volumes }, /data/, OWN_IDS)).toEqual([
      "/home/ann/work/data  ro,idmap directory /home/ann/work/data",
    ]);
  });
});

describe("rootfs: files", () => {
  test("are mounts by themselves, and plain files in memory that can be written to", () => {
    const section = sectionOf(
      rootfs,
      ["file", "/etc/app.conf=a=b"],
      ["file", "/tmp/x=1"],
      ["file", "/home/ann/x=2"],
      ["ro-file", "/tmp/y=3"],
      ["ro-file", "/opt/y="],
    );
    expect(linesOf(section, /app.conf|\/[xy] /)).toEqual([
      '/etc/app.conf  file (writable mount) 0644 "a=b"',
      '/tmp/x  file 0644 "1"',
      '/home/ann/x  file 0644 "2"',
      '/tmp/y  file (read-only mount) 0444 "3"',
      '/opt/y  file (read-only mount) 0444 ""',
    ]);
  });

  test("replace the sandbox's own", () => {
    expect(linesOf({ files: ["/etc/passwd=x"] }, /^\/etc\/passwd/)).toEqual([
      '/etc/passwd  file (writable mount) 0644 "x"',
    ]);
    expect(linesOf({ symlinks: ["/x:/etc/passwd"] }, /^\/etc\/passwd/)).toEqual(["/etc/passwd  → /x"]);
  });

  test("lie on directories of the host's where they have a place", () => {
    expect(linesOf({ readOnlyFiles: ["/usr/bin/env=x"] }, /env/)).toEqual([
      '/usr/bin/env  file (read-only mount) 0444 "x"',
    ]);
    expect(() => planOf(rootfs, { files: ["/usr/none=x"] })).toThrow("does not exist in /usr");
  });

  test("refuse a target that something else has", () => {
    expect(() => planOf(rootfs, { files: ["/x=1"], readOnlyFiles: ["/x=2"] })).toThrow("same target");
    expect(() => planOf(rootfs, { files: ["/x=1"], volumes: ["./data:/x"] })).toThrow("same target");
  });
});

describe("rootfs: links of the user's", () => {
  test("are made where nothing of the host is shown", () => {
    expect(linesOf(sectionOf(rootfs, ["symlink", "../a:/opt/l"]), /opt/)).toEqual(["/opt/l  → ../a"]);
    expect(() => planOf(rootfs, { symlinks: ["a:/usr/lib/l"] })).toThrow("nothing is made in /usr");
    expect(() => planOf(rootfs, { volumes: ["./data:/d"], symlinks: ["a:/d/l"] })).toThrow("which is the host's");
    expect(() => planOf(rootfs, { directory: "/srv/root", symlinks: ["a:/l"] })).toThrow("which is the host's");
  });
});

describe("rootfs: links on the way", () => {
  const nodes = {
    "/srv/root/var": "directory",
    "/srv/root/var/run": "→/run",
    "/srv/root/run": "directory",
    "/srv/root/up": "→../../..",
    "/srv/root/loop": "→loop",
    "/srv/root/evil": "→/proc",
    "/home/ann/work/data/link": "→/etc",
  } as const;
  const host = fakeHost({ nodes });
  const at = (target: string) =>
    linesOf({ directory: "/srv/root", volumes: [`/usr/bin/env:${target}`] }, /env/, { host });

  test("are followed inside a root directory, and never out of it", () => {
    expect(at("/var/run/x")).toEqual(["/run/x  rw file /usr/bin/env"]);
    expect(at("/up/x")).toEqual(["/x  rw file /usr/bin/env"]);
  });

  test("are refused in volumes, on the way and at the end", () => {
    for (const target of ["/v/link/x", "/v/link"])
      expect(() => planOf(rootfs, { volumes: ["./data:/v", `/usr:${target}`] }, { host })).toThrow(
        "is a symbolic link there; name what it points to",
      );
  });

  test("that lead nowhere end in an error", () => {
    expect(() => at("/loop/x")).toThrow("symbolic link");
  });

  test("do not lead to what belongs to the sandbox", () => {
    expect(() => at("/evil/x")).toThrow("belongs to the sandbox");
  });

  test("are no place for what every sandbox has", () => {
    for (const name of ["proc", "dev", "sys"]) {
      const linked = fakeHost({ nodes: { [`/srv/root/${name}`]: "→etc" } });
      expect(() => planOf(rootfs, { directory: "/srv/root" }, { host: linked })).toThrow("cannot be the root");
    }
  });

  test("are no place for memory either: a link for /tmp stays one", () => {
    const linked = fakeHost({ nodes: { "/srv/root/tmp": "→/home" } });
    expect(linesOf({ directory: "/srv/root" }, /^\/tmp/, { host: linked })).toEqual([]);
  });
});
