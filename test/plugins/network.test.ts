import { describe, expect, test } from "bun:test";
import network from "../../plugins/network.ts";
import { fakeHost } from "../support/host.ts";
import { planOf, sectionOf } from "../support/plan.ts";

describe("network: plan", () => {
  test("brings up loopback in a namespace of its own, and nothing else", () => {
    expect(planOf(network)).toMatchInlineSnapshot(`
      "namespace net
      network  socket = socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0)
      network  ioctl(socket, SIOCSIFFLAGS, {"lo", IFF_UP|IFF_RUNNING})
      network  close(socket)"
    `);
  });

  test("takes over how the host finds names, with the host's network", () => {
    expect(planOf(network, sectionOf(network, ["network", "host"]))).toMatchInlineSnapshot(`
      "note --network host: the payload reaches all that the host reaches; without Landlock its abstract sockets too.
      /etc/resolv.conf  file 0644 "nameserver 192.0.2.1\\n"
      /etc/hosts  file 0644 "127.0.0.1 localhost\\n""
    `);
  });

  test("does without files that the host does not have", () => {
    const host = fakeHost({ without: ["/etc/resolv.conf", "/etc/hosts"] });
    expect(planOf(network, { mode: "host" }, { host })).not.toContain("/etc");
  });
});

describe("network: config", () => {
  test.each(["bridge", "", "None"])("refuses the mode %p and names the others", (mode) => {
    expect(() => sectionOf(network, ["network", mode])).toThrow("none or host");
    expect(() => planOf(network, { mode })).toThrow('"none" | "host"');
  });
});
