import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import userns from "../../../plugins/userns/index.ts";
import { ID_MAX } from "../../../src/linux/idmap.ts";
import { type FakeHost, fakeHost, ROOT } from "../../support/host.ts";
import { planLaterOf, planOf, sectionOf } from "../../support/plan.ts";

const HELPERS = { "/usr/bin/newuidmap": "=", "/usr/bin/newgidmap": "=" } as const;
const OWN_MAP = { "/proc/self/gid_map": "=         0          0 4294967295\n" } as const;

/** Ann, with 65536 ids of each kind. */
const ANN: FakeHost = {
  nodes: {
    ...HELPERS,
    ...OWN_MAP,
    "/etc/subuid": "=bob:1:1\nann:200000:65536\n",
    "/etc/subgid": "=1001:300000:65536\n",
  },
};
const ann = fakeHost(ANN);
const root = fakeHost({ ...ROOT, nodes: OWN_MAP });
const member = (nodes: FakeHost["nodes"]) => fakeHost({ nodes: { ...ANN.nodes, ...nodes } });

const identityOf = async (section: object, host = ann, sections = {}): Promise<string> => {
  const plan = await planLaterOf(userns, section, { host, sections });
  return plan.split("\n").find((line) => line.startsWith("identity")) ?? "";
};

const refusal = async (section: object, host = ann): Promise<string> => {
  try {
    await planLaterOf(userns, section, { host });
  } catch (error) {
    const { message, hint = "" } = error as { message: string; hint?: string };
    return `${message}\n${hint}`;
  }
  return "";
};

describe("userns: --userns auto", () => {
  test("gives a caller that is root a range that is chosen when the sandbox starts", async () => {
    expect(await planLaterOf(userns, sectionOf(userns, ["userns", "auto"]), { host: root })).toBe(
      "namespace user\nidentity sandbox 1000:1000, outside range, /home/sandbox",
    );
  });

  test("gives everybody else what /etc/subuid and /etc/subgid have, by name or by number", async () => {
    expect(await identityOf({ mode: "auto" })).toBe(
      "identity sandbox 1000:1000, outside maps (uid 0:200000:65536, gid 0:300000:65536, setgroups allowed, by /usr/bin/newuidmap and /usr/bin/newgidmap), /home/sandbox",
    );
  });

  test("puts several ranges one behind the other, and takes no more than it needs", async () => {
    const host = member({ "/etc/subuid": "=ann:100:5\nann:900000:65530\nann:5000:7\n" });
    expect(await identityOf({ mode: "auto" }, host)).toContain("uid 0:100:5 5:900000:65530 65535:5000:1,");
  });

  test.each([
    ["nothing", { "/etc/subuid": "=bob:200000:65536\n" }, "/etc/subuid gives ann no ids"],
    ["too little", { "/etc/subuid": "=ann:200000:65535\n" }, "/etc/subuid gives ann 65535 ids"],
    ["nothing in the other file", { "/etc/subgid": "=\n" }, "/etc/subgid gives ann no ids"],
    ["a line that is none", { "/etc/subuid": "=ann:0200000:65536\n" }, "/etc/subuid gives ann no ids"],
  ] as const)("says how to have more where there is %s", async (_label, nodes, message) => {
    const text = await refusal({ mode: "auto" }, member(nodes));
    expect(text).toContain(message);
    expect(text).toMatch(/sudo usermod --add-subuids \d+-\d+ --add-subgids \d+-\d+ ann/);
  });

  test("proposes ids that nobody has", async () => {
    const host = member({ "/etc/subuid": "=bob:100000:65536\n", "/etc/subgid": "=eve:400000:1000\n" });
    expect(await refusal({ mode: "auto" }, host)).toContain("--add-subuids 401000-466535 --add-subgids 401000-466535");
  });

  test("says that ids belong to accounts to a caller that has none", async () => {
    expect(await refusal({ mode: "auto" }, fakeHost({ ...ANN, uid: 4711 }))).toContain("uid 4711 has none");
  });

  test("names the package where a helper is missing", async () => {
    const host = fakeHost({ ...ANN, without: ["/usr/bin/newgidmap"] });
    expect(await refusal({ mode: "auto" }, host)).toMatch(/newgidmap is not installed.*\n.*package uidmap/);
  });

  test("finds a helper in fixed directories only", async () => {
    const host = fakeHost({
      ...ANN,
      without: Object.keys(HELPERS),
      nodes: { ...ANN.nodes, "/home/ann/work/newuidmap": "=", "/usr/local/bin/newuidmap": "=", "/bin/newgidmap": "=" },
      environment: { PATH: "/home/ann/work" },
    });
    expect(await refusal({ mode: "auto" }, host)).toContain("newgidmap is not installed");
  });

  test("refuses a root that may not map ids", async () => {
    expect(await refusal({ mode: "auto" }, fakeHost({ ...ROOT, mayMapIds: false }))).toContain("CAP_SETUID");
  });

  test("refuses ids of its file that are root of the host", async () => {
    const host = member({ "/etc/subuid": "=ann:0:65536\n" });
    expect(await refusal({ mode: "auto" }, host)).toContain(
      "--userns auto maps uid 0 of the host, which is root, to 0",
    );
  });

  test.each([
    ["root", "root 0:0,"],
    ["nobody", "nobody 65534:65534,"],
    ["5", "user 5:1000,"],
    ["5:6", "user 5:6,"],
    ["sandbox:root", "sandbox 1000:0,"],
    ["nobody:nogroup", "nobody 65534:65534,"],
    ["65535:65535", "user 65535:65535,"],
  ])("--user %s is %s", async (user, ids) => {
    for (const host of [root, ann])
      expect(await identityOf({ mode: "auto", user }, host)).toStartWith(`identity ${ids}`);
  });

  test.each(["65536", "0:65536"])("--user %s is not mapped, and refused", async (user) => {
    expect(await refusal({ mode: "auto", user }, root)).toMatch(/id 65536, the payload's, is not mapped: .*0-65535/);
  });
});

describe("userns: --uidmap and --gidmap", () => {
  test("are maps that root writes itself", async () => {
    const section = { uidmap: ["0:100000:2000"], gidmap: ["0:500000:3000"] };
    expect(await identityOf(section, root)).toBe(
      "identity sandbox 1000:1000, outside maps (uid 0:100000:2000, gid 0:500000:3000, setgroups allowed), /home/sandbox",
    );
  });

  test("stand in for each other", async () => {
    expect(await identityOf({ uidmap: ["0:100000:2000"] }, root)).toContain("uid 0:100000:2000, gid 0:100000:2000,");
    expect(await identityOf({ gidmap: ["0:100000:2000"] }, root)).toContain("uid 0:100000:2000, gid 0:100000:2000,");
  });

  test("are joined where they are neighbours on both sides", async () => {
    const uidmap = ["1000:101000:1000", "0:100000:1000", "2000:300000:1"];
    expect(await identityOf({ uidmap }, root)).toContain("uid 0:100000:2000 2000:300000:1,");
  });

  test("of an unprivileged caller have its own id, and what is given to it", async () => {
    const section = {
      uidmap: ["1000:1001:1", "0:200000:1000"],
      gidmap: ["1000:1002:1", "0:300000:1000"],
    };
    expect(await identityOf(section)).toContain(
      "uid 0:200000:1000 1000:1001:1, gid 0:300000:1000 1000:1002:1, setgroups allowed, by",
    );
  });

  test("need no helper where they are the caller's own ids and no others", async () => {
    const section = { uidmap: ["7:1001:1"], gidmap: ["8:1002:1"], user: "7:8" };
    expect(await identityOf(section, fakeHost())).toBe("identity user 7:8, outside caller, /home/user");
  });

  test("leave setgroups denied where no group is given away", async () => {
    const section = { uidmap: ["0:200000:1000"], gidmap: ["0:1002:1"], user: "0:0" };
    expect(await identityOf(section)).toContain("setgroups denied, by");
    expect(await refusal({ ...section, groups: ["0"] })).toContain("no group to give but your own");
  });

  test.each([
    ["5:7:1", "uid 7 outside is not yours to give; yours are 1001, 200000-265535"],
    ["0:265000:537", "uid 265000-265536 outside is not yours"],
    ["0:199999:2", "uid 199999-200000 outside is not yours"],
    ["0:1001:2", "uid 1001-1002 outside is not yours"],
  ])("refuse %s to an unprivileged caller", async (entry, message) => {
    expect(await refusal({ uidmap: [entry], gidmap: ["0:300000:9"] })).toContain(message);
  });

  test("say that one flag is for both where its ids are not the caller's as groups", async () => {
    const text = await refusal({ uidmap: ["1000:1001:1", "0:200000:1000"] });
    expect(text).toContain(
      "--uidmap 1000:1001:1: gid 1001 outside is not yours to give; yours are 1002, 300000-365535",
    );
    expect(text).toContain("without --gidmap it is for both: give that too");
  });

  test("take neighbouring ranges of the file for one", async () => {
    const host = member({ "/etc/subuid": "=ann:200000:10\nann:200010:10\n" });
    expect(await identityOf({ user: "5", uidmap: ["0:200005:10"], gidmap: ["0:300000:2000"] }, host)).toContain(
      "0:200005:10",
    );
  });

  test("leave it to the helper where a directory service has the ranges", async () => {
    const host = member({ "/etc/subuid": "=", "/etc/nsswitch.conf": "=passwd: files\nsubid: sss\n" });
    expect(await identityOf({ uidmap: ["0:900000:2000"], gidmap: ["0:300000:2000"] }, host)).toContain("0:900000:2000");
    const files = member({ "/etc/subuid": "=", "/etc/nsswitch.conf": "=subid: files\n" });
    expect(await refusal({ uidmap: ["0:900000:2000"], gidmap: ["0:300000:2000"] }, files)).toContain(
      "not yours to give",
    );
  });

  test.each([
    ["inside", ["0:100000:1000", "500:200000:10"], "both have 500-509 inside"],
    ["inside, in one id", ["0:100000:1000", "999:200000:1"], "both have 999 inside"],
    ["outside", ["0:100000:1000", "5000:100999:10"], "both have 100999 outside"],
    ["on both sides, for the same entry twice", ["0:100000:1", "0:100000:1"], "both have 0 inside"],
  ])("that overlap %s name both entries", async (_label, uidmap, message) => {
    const text = await refusal({ uidmap }, root);
    expect(text).toContain(`--uidmap ${uidmap[0]} and --uidmap ${uidmap[1]} overlap: ${message}`);
  });

  test("that only meet do not overlap", async () => {
    expect(await identityOf({ uidmap: ["0:100000:1000", "1000:300000:10"] }, root)).toContain("1000:300000:10");
  });

  test.each([
    [{ uidmap: ["0:100000:1000"] }, "uid 1000, the payload's, is not mapped: --uidmap has 0-999 inside"],
    [
      { uidmap: ["0:100000:2000"], gidmap: ["0:100000:1000"] },
      "gid 1000, the payload's, is not mapped: --gidmap has 0-999",
    ],
    [{ uidmap: ["0:100000:2000"], groups: ["5000"] }, "gid 5000, of --group-add, is not mapped: --gidmap has 0-1999"],
    [{ uidmap: ["0:100000:2000"], user: "1:3000" }, "gid 3000, the payload's, is not mapped"],
  ])("that leave a gap where an id is needed say which: %j", async (section, message) => {
    const text = await refusal(section, root);
    expect(text).toContain(message);
    expect(text).toMatch(/map it: --[ug]idmap \d+:OUT:1/);
  });

  test("take 340 lines, and not one more", async () => {
    const lines = (count: number) => Array.from({ length: count }, (_, index) => `${2 * index}:${2 * index + 9}:1`);
    const user = "0:0";
    expect(await identityOf({ uidmap: lines(340), user }, root)).toContain("678:687:1");
    expect(await refusal({ uidmap: lines(341), user }, root)).toContain("341 lines and");
  });

  test("take less than a page", async () => {
    const uidmap = Array.from({ length: 200 }, (_, index) => `${index * 10_000_000}:${index * 10_000_000 + 1}:1000`);
    expect(await refusal({ uidmap, user: "0:0" }, root)).toMatch(
      /a map of 200 lines and \d+ bytes is too long.*4095 bytes/,
    );
  });

  test("go up to the last id there is", async () => {
    const last = `0:${ID_MAX - 9}:10`;
    expect(await identityOf({ uidmap: [last], user: "9:9" }, root)).toContain(`uid ${last}`);
  });
});

describe("userns: host root", () => {
  const uidmap = ["0:0:2000"];
  const gidmap = ["0:100000:2000"];

  test.each([
    [{ uidmap, gidmap }, "--uidmap maps uid 0 of the host, which is root, to 0"],
    [
      { uidmap: gidmap, gidmap: ["0:100000:2000", "5000:0:1"] },
      "--gidmap maps gid 0 of the host, which is root, to 5000",
    ],
  ])("is refused without a flag that says what it is: %j", async (section, message) => {
    const text = await refusal(section, root);
    expect(text).toContain(message);
    expect(text).toContain("--dangerously-map-host-root");
  });

  test("is mapped with that flag, and a note says what that means", async () => {
    const section = sectionOf(userns, ["uidmap", "0:0:2000"], ["dangerously-map-host-root", "true"]);
    const plan = await planLaterOf(userns, section, { host: root });
    expect(plan).toContain("uid 0:0:2000");
    expect(plan).toContain(
      "note --dangerously-map-host-root: --uidmap maps uid 0 of the host, which is root, to 0 inside",
    );
    expect(plan).toContain("note --dangerously-map-host-root: --gidmap maps gid 0");
  });

  test("is another id, or none, for root of a container", async () => {
    const nodes = { "/proc/self/uid_map": "=0 100000 65536\n", "/proc/self/gid_map": "=0 100000 65536\n" } as const;
    expect(await identityOf({ uidmap }, fakeHost({ ...ROOT, nodes }))).toContain("uid 0:0:2000");
    const shifted = {
      "/proc/self/uid_map": "=0 100000 100\n500 0 1\n",
      "/proc/self/gid_map": "=0 100000 65536\n",
    } as const;
    const text = await refusal({ uidmap: ["0:400:2000"] }, fakeHost({ ...ROOT, nodes: shifted }));
    expect(text).toContain("uid 500 of the host, which is root, to 100");
  });

  test("is taken for id 0 where the kernel does not tell", async () => {
    const host = fakeHost({ ...ROOT, without: ["/proc/self/uid_map"] });
    expect(await refusal({ uidmap, gidmap }, host)).toContain("which is root");
  });

  test("is in no map of the other ids", () => {
    const extent = fc.record({
      outside: fc.integer({ min: 1, max: 100_000 }),
      count: fc.integer({ min: 1001, max: 5000 }),
    });
    return fc.assert(
      fc.asyncProperty(extent, async ({ outside, count }) => {
        expect(await identityOf({ uidmap: [`0:${outside}:${count}`] }, root)).toContain(`uid 0:${outside}:${count}`);
      }),
    );
  });
});

describe("userns: maps as they are written", () => {
  test.each([
    "",
    "1",
    "1:2",
    "1:2:3:4",
    "0:0:0",
    "-1:2:3",
    "0:+5:1",
    " 0:5:1",
    "0:5:1 ",
    "00:5:1",
    "0:0x5:1",
    `0:${ID_MAX}:2`,
    `${ID_MAX}:0:2`,
    `0:${ID_MAX + 1}:1`,
    "0:1:4294967296",
    "a:1:1",
    "0:1:",
  ])("%p is refused, as a flag and in a file", async (text) => {
    for (const key of ["uidmap", "gidmap"]) {
      expect(() => sectionOf(userns, [key, text])).toThrow(text === "" ? "an empty item" : JSON.stringify(text));
      expect(() => planOf(userns, { [key]: [text] })).toThrow();
    }
  });

  test.each([
    ["0:5:0", "a count of 0 maps nothing"],
    ["0:5", "it must be IN:OUT:COUNT"],
    [`0:${ID_MAX}:2`, `the ids outside would go up to ${ID_MAX + 1}`],
    [`${ID_MAX}:0:2`, `the ids inside would go up to ${ID_MAX + 1}`],
  ])("%s says what is wrong with it: %s", (text, message) => {
    expect(() => sectionOf(userns, ["uidmap", text])).toThrow(message);
    expect(() => planOf(userns, { uidmap: [text] })).toThrow(message);
  });

  test("are three ids in their one spelling, and nothing else", () => {
    fc.assert(
      fc.property(fc.nat(ID_MAX), fc.nat(ID_MAX), fc.integer({ min: 1, max: ID_MAX }), (inside, outside, count) => {
        const fits = inside + count - 1 <= ID_MAX && outside + count - 1 <= ID_MAX;
        const read = () => sectionOf(userns, ["uidmap", `${inside}:${outside}:${count}`]);
        if (fits) expect(read()).toEqual({ uidmap: [`${inside}:${outside}:${count}`] });
        else expect(read).toThrow("would go up to");
      }),
    );
  });

  test("cannot be given together with --userns auto or host", () => {
    expect(() => planOf(userns, { mode: "auto", uidmap: ["0:5:1"] })).toThrow("leave out one of the two");
    expect(() => planOf(userns, { mode: "host", gidmap: ["0:5:1"] }, { host: root })).toThrow(
      "--gidmap is for a user namespace",
    );
  });

  test("are lists of one entry at least", () => {
    expect(() => planOf(userns, { uidmap: [] })).toThrow("one entry at least");
  });
});

describe("userns: --group-add", () => {
  test("has numbers and names, each once and in order", async () => {
    const section = sectionOf(
      userns,
      ["userns", "auto"],
      ["group-add", "44"],
      ["group-add", "nogroup"],
      ["group-add", "7"],
      ["group-add", "44"],
    );
    expect(await identityOf(section, root)).toBe(
      "identity sandbox 1000:1000, groups 7 44 65534, outside range, /home/sandbox",
    );
  });

  test("is refused where one id is mapped", () => {
    for (const host of [root, ann])
      expect(() => planOf(userns, { groups: ["44"] }, { host })).toThrow("--group-add 44: one group is mapped");
    expect(() => planOf(userns, { mode: "host", groups: ["44"] }, { host: root })).toThrow(
      "--group-add is for a user namespace",
    );
  });

  test("names the group that there is not", async () => {
    expect(await refusal({ mode: "auto", groups: ["video"] }, root)).toContain('no group "video" in the sandbox');
  });

  test.each(["", "-1", "01", "a b", "4294967295", "1:2"])("rejects %p", (group) => {
    expect(() => sectionOf(userns, ["group-add", group])).toThrow();
    expect(() => planOf(userns, { groups: [group] })).toThrow();
  });
});

describe("userns: nested user namespaces", () => {
  test("are asked for by name", () => {
    expect(planOf(userns, sectionOf(userns, ["allow-userns", "true"]))).toContain(
      "identity ann caller:caller, nested, outside caller, /home/ann\nnote --allow-userns: the payload may make user namespaces",
    );
  });

  test("are forbidden without being asked, and by name", () => {
    expect(planOf(userns, sectionOf(userns, ["disable-userns", "true"]))).toBe(planOf(userns));
    const section = sectionOf(userns, ["allow-userns", "true"], ["disable-userns", "true"]);
    expect(planOf(userns, section)).toBe(planOf(userns));
  });

  test("cannot be forbidden where there is no user namespace", () => {
    expect(() => planOf(userns, { mode: "host", nested: false }, { host: root })).toThrow(
      "--disable-userns is for a user",
    );
  });
});
