import { describe, expect, test } from "bun:test";
import hostname, { UTS_NAME_BYTES_MAX } from "../../plugins/hostname.ts";
import { planOf, sectionOf } from "../support/plan.ts";

describe("hostname: plan", () => {
  test("hides the host's names", () => {
    expect(planOf(hostname, {}, { has: ["net"] })).toMatchInlineSnapshot(`
      "namespace uts
      uts  sethostname("bunker", 6)
      uts  setdomainname("(none)", 6)
      /etc/hostname  file 0644 "bunker\\n"
      /etc/hosts  file 0644 "127.0.0.1\\tlocalhost\\n::1\\tlocalhost ip6-localhost ip6-loopback\\n127.0.1.1\\tbunker\\n""
    `);
  });

  test("enters a UTS namespace before it sets both names", () => {
    const section = sectionOf(hostname, ["hostname", "box"], ["domainname", "lab"]);
    expect(planOf(hostname, section)).toMatchInlineSnapshot(`
      "namespace uts
      uts  sethostname("box", 3)
      uts  setdomainname("lab", 3)
      /etc/hostname  file 0644 "box\\n""
    `);
  });

  test("leaves /etc/hosts to the network of the host", () => {
    expect(planOf(hostname)).not.toContain("/etc/hosts");
  });

  test("keeps a name that would be a second word or a comment out of /etc/hosts", () => {
    expect(planOf(hostname, { hostname: "a b" }, { has: ["net"] })).not.toContain("127.0.1.1");
    expect(planOf(hostname, { hostname: "#" }, { has: ["net"] })).not.toContain("127.0.1.1");
  });
});

describe("hostname: config", () => {
  test.each([
    ["the empty name", ""],
    ["one byte too many", "x".repeat(UTS_NAME_BYTES_MAX + 1)],
    ["a limit counted in bytes, not characters", "é".repeat(33)],
    ["an embedded NUL", "a\0b"],
    ["a line break", "a\nb"],
  ])("rejects %s", (_label, name) => {
    expect(() => planOf(hostname, { hostname: name })).toThrow("allowed: 1 to 64 bytes");
    expect(() => planOf(hostname, { domainname: name })).toThrow("allowed: 1 to 64 bytes");
    expect(() => sectionOf(hostname, ["hostname", name])).toThrow("64");
  });

  test("says how long a name is that is too long", () => {
    const name = "x".repeat(UTS_NAME_BYTES_MAX + 1);
    expect(() => sectionOf(hostname, ["hostname", name])).toThrow("is 65 bytes long, the kernel takes 64");
  });

  test.each(["x".repeat(UTS_NAME_BYTES_MAX), "é".repeat(32)])(
    "accepts a name of exactly the longest length",
    (name) => {
      expect(planOf(hostname, sectionOf(hostname, ["hostname", name]))).toContain(", 64)");
    },
  );
});
