import { describe, expect, test } from "bun:test";
import rootfs from "../../../plugins/rootfs/index.ts";
import { findMasks, LOOKS_MAX } from "../../../plugins/rootfs/masks.ts";
import type { DirectoryEntry, Entry } from "../../../src/api.ts";
import { fakeHost, type Node } from "../../support/host.ts";
import { planLaterOf, sectionOf } from "../../support/plan.ts";

const nodes: Readonly<Record<string, Node>> = {
  "/home/ann/work/.env": "=",
  "/home/ann/work/data/.env": "=",
  "/home/ann/work/data/keys": "directory",
  "/home/ann/work/data/keys/a.key": "=",
  "/home/ann/work/data/keys/b.key": "=",
  "/home/ann/work/data/link.env": "→keys/a.key",
  "/home/ann/work/data/gone.env": "→/nowhere",
  "/home/ann/work/data/outside.env": "→/home/ann/other/lib.ts",
  "/home/ann/work/data/socket.env": "other",
};

const linesOf = async (section: object, targets = /hidden|run only/): Promise<readonly string[]> => {
  const plan = await planLaterOf(rootfs, { cwd: false, ...section }, { host: fakeHost({ nodes }) });
  return plan.split("\n").filter((line) => targets.test(line));
};

const volumes = ["./data:/d"];
const PATTERN = "run only: what a pattern hides is looked up when it starts";

describe("masks: plan", () => {
  test("hide a file or a directory that is shown, by its path inside", async () => {
    expect(await linesOf({ volumes, masks: ["/d/.env", "/d/keys"] })).toEqual([
      "/d/.env  hidden file",
      "/d/keys  hidden directory",
    ]);
  });

  test("are looked up below every directory that the user shows, and nowhere else", async () => {
    const section = sectionOf(
      rootfs,
      ["volume", "./data:/d"],
      ["overlay", "./data:/o"],
      ["allow-read", "/home/ann/work"],
      ["mask", "**/.env"],
    );
    expect(await linesOf(section)).toEqual([
      "/d/.env  hidden file",
      "/o/.env  hidden file",
      "/home/ann/work/.env  hidden file",
      "/home/ann/work/data/.env  hidden file",
      PATTERN,
    ]);
    expect(linesOf({ volumes, masks: ["**/env"] })).rejects.toThrow('--mask "**/env": matches nothing');
  });

  test("are looked up in the current directory too", async () => {
    expect(await linesOf({ cwd: true, masks: [".env"] })).toEqual(["/home/ann/work/.env  hidden file"]);
  });

  test("match names with wildcards", async () => {
    expect(await linesOf({ volumes, masks: ["keys/?.key"] })).toEqual([
      "/d/keys/a.key  hidden file",
      "/d/keys/b.key  hidden file",
      PATTERN,
    ]);
    expect(await linesOf({ volumes, masks: ["/d/k*/[!a].key"] })).toEqual(["/d/keys/b.key  hidden file", PATTERN]);
  });

  test("hide a directory rather than what is in it", async () => {
    expect(await linesOf({ volumes, masks: ["/d/keys/a.key", "**/keys", "**/*.key"] })).toEqual([
      "/d/keys  hidden directory",
      PATTERN,
    ]);
  });

  test("hide what a link leads to inside, and nothing where that is not shown", async () => {
    expect(await linesOf({ volumes, masks: ["/d/link.env"] })).toEqual(["/d/keys/a.key  hidden file"]);
    expect(await linesOf({ volumes, masks: ["/d/gone.env", "/d/outside.env"] })).toEqual([]);
    expect(
      await linesOf({ volumes: [...volumes, "/home/ann/other:/home/ann/other"], masks: ["/d/outside.env"] }),
    ).toEqual(["/home/ann/other/lib.ts  hidden file"]);
  });

  test("hide sockets as files", async () => {
    expect(await linesOf({ volumes, masks: ["/d/socket.env"] })).toEqual(["/d/socket.env  hidden file"]);
  });

  test("reach across mounts, by their places inside", async () => {
    expect(await linesOf({ volumes: ["./data:/d", "./data/keys:/d/deep/er"], masks: ["/d/**/b.key"] })).toEqual([
      "/d/keys/b.key  hidden file",
      "/d/deep/er/b.key  hidden file",
      PATTERN,
    ]);
  });

  test("hide parts of the system where they are named from the root", async () => {
    expect(await linesOf({ masks: ["/usr/bin/env"] })).toEqual(["/usr/bin/env  hidden file"]);
    expect(await linesOf({ masks: ["/bin/env"] }).catch((error: Error) => [error.message])).toEqual([
      '--mask "/bin/env": matches nothing',
    ]);
  });

  test("are looked up in a root directory", async () => {
    const host = fakeHost({ nodes: { "/srv/root/a": "directory", "/srv/root/a/.env": "=" } });
    const plan = await planLaterOf(rootfs, { directory: "/srv/root", masks: ["**/.env"] }, { host });
    expect(plan).toContain("/a/.env  hidden file");
  });

  test.each([["/none"], ["none"], ["/d/none"], ["/d/.env/x"], ["/etc/passwd"], ["/tmp"], ["**/none"]])(
    "that match nothing are refused: %p",
    (mask) => {
      expect(linesOf({ volumes, masks: [mask] })).rejects.toThrow(`--mask ${JSON.stringify(mask)}: matches nothing`);
    },
  );

  test("do not hide a mount, nor what one lies in", () => {
    const two = ["./data:/d", "/usr/lib:/d/keys"];
    expect(linesOf({ volumes: two, masks: ["/d/keys"] })).rejects.toThrow("/d/keys is mounted there");
    expect(linesOf({ volumes: two, masks: ["/d"] })).rejects.toThrow("is mounted there");
  });

  test("are refused where they cannot be read", () => {
    expect(() => sectionOf(rootfs, ["mask", "a/../b"])).toThrow("no . or ..");
    expect(() => sectionOf(rootfs, ["mask", "/"])).toThrow("below /");
    expect(() => sectionOf(rootfs, ["mask", "[z-a]"])).toThrow("backwards");
  });
});

describe("masks: limits", () => {
  const entries: readonly Entry[] = [{ target: "/d", type: "bind", source: "/s", node: "directory", readOnly: false }];
  const listing = (found: readonly DirectoryEntry[]) => ({
    ...fakeHost({ nodes: { "/s": "directory" } }),
    list: (path: string) => (path === "/s" ? found : []),
  });
  const files = (count: number) =>
    Array.from({ length: count }, (_, index): DirectoryEntry => ({ name: `f${index}`, type: "file" }));

  test("a pattern that looks at too much is refused", () => {
    const named = (count: number) => [...files(count - 1), { name: "x", type: "other" } as const];
    expect(findMasks(["*x"], entries, [], listing(named(LOOKS_MAX)))).toHaveLength(0);
    expect(() => findMasks(["*x"], entries, [], listing(named(LOOKS_MAX + 1)))).toThrow("looks at more than");
  });

  test("a name that is not UTF-8 cannot be hidden, and is not passed over", () => {
    const odd: readonly DirectoryEntry[] = [{ name: "\u{fffd}.env", type: "file" }];
    expect(() => findMasks(["*.env"], entries, [], listing(odd))).toThrow("is not UTF-8");
    expect(() => findMasks(["*.key"], entries, [], listing(odd))).toThrow("matches nothing");
    const directory: readonly DirectoryEntry[] = [{ name: "\u{fffd}", type: "directory" }];
    expect(() => findMasks(["**/.env"], entries, [], listing(directory))).toThrow("is not UTF-8");
  });
});
