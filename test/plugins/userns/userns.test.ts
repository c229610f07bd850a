import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ID_MAX, parseId, parseUser } from "../../../plugins/userns/ids.ts";
import userns from "../../../plugins/userns/index.ts";
import { PASSWD_BYTES_MAX, parsePasswd } from "../../../plugins/userns/passwd.ts";
import { fakeHost, ROOT } from "../../support/host.ts";
import { planOf, sectionOf } from "../../support/plan.ts";

const asRoot = fakeHost(ROOT);

describe("userns: plan", () => {
  test("lets an unprivileged caller be itself", () => {
    expect(planOf(userns)).toBe("namespace user\nidentity ann caller:caller, outside caller, /home/ann");
  });

  test("gives a caller that is root an unprivileged id of the sandbox's own", () => {
    expect(planOf(userns, {}, { host: asRoot })).toBe(
      "namespace user\nidentity sandbox 1000:1000, outside own, /home/sandbox",
    );
  });

  test("keeps host root out of the sandbox also where the payload is root inside", () => {
    expect(planOf(userns, { user: "root" }, { host: asRoot })).toContain("identity root 0:0, outside own, /root");
    expect(planOf(userns, { user: "0" }, { host: asRoot })).toContain("identity root 0:0, outside own, /root");
  });

  test.each([
    ["5", "user 5:caller, outside caller, /home/user"],
    ["5:6", "user 5:6, outside caller, /home/user"],
    ["1001", "ann caller:caller, outside caller, /home/ann"],
    ["1001:7", "ann caller:7, outside caller, /home/ann"],
    ["ann", "ann caller:caller, outside caller, /home/ann"],
    ["root", "root 0:0, outside caller, /root"],
    ["nobody", "nobody 65534:65534, outside caller, /home/nobody"],
  ])("--user %s is %s", (user, identity) => {
    expect(planOf(userns, sectionOf(userns, ["user", user]))).toBe(`namespace user\nidentity ${identity}`);
  });

  test("refuses a name that the sandbox does not know, though the host does", () => {
    const host = fakeHost({ nodes: { "/etc/passwd": "=bob:x:1:1::/home/bob:/bin/sh\n" } });
    expect(() => planOf(userns, { user: "bob" }, { host })).toThrow('no user "bob" in the sandbox');
  });

  test("calls a caller without an account `user`", () => {
    expect(planOf(userns, {}, { host: fakeHost({ without: ["/etc/passwd"] }) })).toContain("user caller:caller");
  });

  test.each(["relative", "/", "/etc/ann", "/tmp", "/proc", "/home/../etc", "/home/a\u0007b"])(
    "does not take %s as a home",
    (home) => {
      const host = fakeHost({ nodes: { "/etc/passwd": `=ann:x:1001:1002::${home}:/bin/sh\n` } });
      expect(planOf(userns, {}, { host })).toEndWith(", /home/ann");
    },
  );

  test("refuses a root that can only map host root", () => {
    const host = fakeHost({ ...ROOT, mayMapIds: false });
    expect(() => planOf(userns, {}, { host })).toThrow("host root is never mapped");
  });

  test("maps the root of a container, which is nobody's root outside", () => {
    const nodes = { "/proc/self/uid_map": "=         0     100000          1\n" } as const;
    const host = fakeHost({ ...ROOT, mayMapIds: false, nodes });
    expect(planOf(userns, {}, { host })).toContain("identity sandbox 1000:1000, outside caller");
  });

  test("makes no namespace with --userns host, for root only", () => {
    const section = sectionOf(userns, ["userns", "host"]);
    expect(planOf(userns, section, { host: asRoot })).toMatchInlineSnapshot(`
      "identity root 0:0, outside host, /root
      note --userns host: the payload is real root of the host, held by capabilities only."
    `);
    expect(() => planOf(userns, section)).toThrow("only root");
    expect(() => planOf(userns, { mode: "host", user: "5" }, { host: asRoot })).toThrow("--userns host makes none");
  });
});

describe("userns: config", () => {
  test.each([
    "",
    "-1",
    "+1",
    " 1",
    "1 ",
    "01",
    "0x1",
    "1:",
    ":1",
    "1:2:3",
    "1:a b",
    "ann:",
    "ann:1:2",
    "9ann",
    "1.0",
    "٣",
    String(ID_MAX + 1),
    "99999999999",
  ])("rejects --user %p", (user) => {
    expect(() => planOf(userns, { user })).toThrow("allowed: UID");
    expect(() => sectionOf(userns, ["user", user])).toThrow("--user: UID");
  });

  test("accepts the largest id", () => {
    expect(planOf(userns, { user: `${ID_MAX}:${ID_MAX}` })).toContain(`user ${ID_MAX}:${ID_MAX}`);
  });

  test("reads back every id, and only in its one spelling", () => {
    fc.assert(
      fc.property(fc.nat(ID_MAX), fc.option(fc.nat(ID_MAX), { nil: undefined }), (uid, gid) => {
        expect(parseId(String(uid))).toBe(uid);
        expect(parseUser(gid === undefined ? `${uid}` : `${uid}:${gid}`)).toEqual({
          user: { kind: "id", id: uid },
          group: gid === undefined ? undefined : { kind: "id", id: gid },
        });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        const id = parseId(text);
        expect(id === undefined || String(id) === text).toBe(true);
      }),
    );
  });

  test("skips lines of passwd that are not exactly seven fields with decimal ids", () => {
    const lines = [
      "a:x:1:1::/a:/s",
      "b:x:-1:1::/b:/s",
      "c:x:1:1::/c",
      "d:x:1:1::/d:/s:more",
      "e:x:01:1::/e:/s",
      "+nis",
    ];
    expect(parsePasswd(lines.join("\n"))).toEqual([{ name: "a", uid: 1, gid: 1, home: "/a" }]);
  });

  test("does not read a passwd that is larger than its limit", () => {
    const line = "ann:x:1001:1002::/home/ann:/bin/sh\n";
    const padded = (bytes: number) =>
      fakeHost({ nodes: { "/etc/passwd": `=${line}${"#".repeat(bytes - line.length)}` } });
    expect(planOf(userns, {}, { host: padded(PASSWD_BYTES_MAX) })).toContain("identity ann");
    expect(planOf(userns, {}, { host: padded(PASSWD_BYTES_MAX + 1) })).toContain("identity user");
  });
});
