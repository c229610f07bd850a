import { describe, expect, test } from "bun:test";
import userns from "../../../plugins/userns/index.ts";
import { PASSWD_BYTES_MAX, parseGroups } from "../../../plugins/userns/passwd.ts";
import { type FakeHost, fakeHost, type Node, ROOT } from "../../support/host.ts";
import { planLaterOf, planOf } from "../../support/plan.ts";

const PASSWD = [
  "root:x:0:0:root:/root:/bin/sh",
  "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin",
  "relative:x:5:5::home:/bin/sh",
  "escape:x:6:6::/home/../../etc:/bin/sh",
  "bell:x:7:7::/home/\u0007:/bin/sh",
  "www-data:x:0:0:again:/:/bin/sh",
  "",
].join("\n");
const GROUP = "root:x:0:\nwww-data:x:33:\nadm:x:4:www-data\n";

/** Names of the host's: none of them may be found. */
const HOST: Readonly<Record<string, Node>> = { "/etc/group": "=hostgroup:x:77:\n" };

const image = (nodes: Readonly<Record<string, Node>>, more: FakeHost = {}) =>
  fakeHost({
    ...more,
    nodes: { ...HOST, "/srv/root/etc/passwd": `=${PASSWD}`, "/srv/root/etc/group": `=${GROUP}`, ...nodes },
  });

const WITH_ROOTFS = { sections: { rootfs: { directory: "/srv/root" } } };

const identityOf = (user: string, host = image({})): string =>
  planOf(userns, { user }, { host, ...WITH_ROOTFS }).replace("namespace user\n", "");

describe("userns: --user with --rootfs", () => {
  test.each([
    ["www-data", "identity www-data 33:33, outside caller, /var/www"],
    ["www-data:adm", "identity www-data 33:4, outside caller, /var/www"],
    ["www-data:99", "identity www-data 33:99, outside caller, /var/www"],
    ["root", "identity root 0:0, outside caller, /root"],
    ["12:adm", "identity user 12:4, outside caller, /home/user"],
  ])("%s is whom the directory's own files name", (user, identity) => {
    expect(identityOf(user)).toBe(identity);
  });

  test.each(["ann", "hostgroup", "sandbox", "nobody"])("%s is not looked up on the host, nor made up", (user) => {
    expect(() => identityOf(user)).toThrow(`no user "${user}" in /etc/passwd of "/srv/root"`);
    expect(() => identityOf(`www-data:${user}`)).toThrow(`no group "${user}" in /etc/group of "/srv/root"`);
  });

  test("takes the first line of a name", () => {
    expect(identityOf("www-data")).toContain("33:33");
  });

  test.each(["relative", "escape", "bell"])("gives %s, whose home is no plain path, the root directory", (user) => {
    expect(identityOf(user)).toEndWith(", /");
  });

  test("follows a link of the directory inside of it, as the payload would, and never out", () => {
    const inside = image({
      "/srv/root/etc/passwd": "→/lib/passwd",
      "/srv/root/lib/passwd": "=inner:x:8:8::/:/bin/sh\n",
    });
    expect(identityOf("inner", inside)).toContain("inner 8:8");
    const out = image({ "/srv/root/etc/passwd": "→../../../etc/passwd" });
    expect(() => identityOf("ann", out)).toThrow("has no readable /etc/passwd");
  });

  test.each<[string, Readonly<Record<string, Node>>]>([
    ["missing", { "/srv/root/etc/passwd": "→/nowhere" }],
    ["a directory", { "/srv/root/etc/passwd": "directory" }],
    ["a FIFO or a device", { "/srv/root/etc/passwd": "other" }],
    ["too large", { "/srv/root/etc/passwd": `=${"#".repeat(PASSWD_BYTES_MAX + 1)}` }],
  ])("says so where the file is %s", (_label, nodes) => {
    expect(() => identityOf("www-data", image(nodes))).toThrow('"/srv/root" has no readable /etc/passwd');
  });

  test("looks at nothing where no name is used", () => {
    const host = image({ "/srv/root/etc/passwd": "directory", "/srv/root/etc/group": "directory" });
    expect(identityOf("33:4", host)).toContain("33:4");
    expect(planOf(userns, {}, { host, ...WITH_ROOTFS })).toContain("identity ann");
  });

  test("finds a relative directory from where the caller is", () => {
    const host = image({}, { cwd: "/srv" });
    const options = { host, sections: { rootfs: { directory: "root" } } };
    expect(planOf(userns, { user: "www-data" }, options)).toContain("www-data 33:33");
  });

  test("has groups for --group-add too", async () => {
    const host = image({}, ROOT);
    const plan = await planLaterOf(
      userns,
      { mode: "auto", user: "www-data", groups: ["adm"] },
      { host, ...WITH_ROOTFS },
    );
    expect(plan).toContain("identity www-data 33:33, groups 4, outside range, /var/www");
  });
});

describe("userns: --user in a root of the sandbox's own", () => {
  const identity = (user: string): string => planOf(userns, { user }).replace("namespace user\nidentity ", "");

  test.each([
    ["ann:root", "ann caller:0,"],
    ["root:ann", "root 0:caller,"],
    ["nobody:nogroup", "nobody 65534:65534,"],
    ["5:nogroup", "user 5:65534,"],
    ["root:7", "root 0:7,"],
  ])("%s is %s", (user, start) => {
    expect(identity(user)).toStartWith(start);
  });

  test("names its groups where one is unknown", () => {
    expect(() => identity("ann:nobody")).toThrow('no group "nobody" in the sandbox');
  });
});

test("lines of group that are not exactly four fields with a decimal id name nothing", () => {
  const lines = ["a:x:1:", "b:x:-1:", "c:x:1", "d:x:1::", "e:x:01:", "+nis", "f g:x:1:", "h:x:2:ann,bob"];
  expect(parseGroups(lines.join("\n"))).toEqual([
    { name: "a", gid: 1 },
    { name: "h", gid: 2 },
  ]);
});
