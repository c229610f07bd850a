/**
 * The UTS namespace: a name of the sandbox's own.
 * @module
 */
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { box, shell } from "../support/box.ts";
import { describeForCallers } from "../support/callers.ts";

const NAMES = "cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname /etc/hostname; uname -n";

describeForCallers("the UTS namespace", (caller) => {
  test("has names that tell nothing of the host", () => {
    expect(shell(caller, NAMES)).toBe("bunker\n(none)\nbunker\nbunker");
  });

  test("has the names that were asked for, and the host keeps its own", () => {
    const before = hostname();
    const flags = ["--hostname", "box-7", "--domainname", "example.org"];
    expect(shell(caller, NAMES, { flags })).toBe("box-7\nexample.org\nbox-7\nbox-7");
    expect(hostname()).toBe(before);
  });

  test("takes 64 bytes of any script, and not one more", () => {
    const name = "ä".repeat(32);
    expect(shell(caller, "uname -n", { flags: ["--hostname", name] })).toBe(name);
    const { exitCode, stderr } = box(caller, ["true"], { flags: ["--hostname", `${name}x`] });
    expect(exitCode).toBe(125);
    expect(stderr).toContain("65 bytes");
  });

  test("cannot be renamed by the payload, even by one that is root inside", () => {
    const rename = "hostname other 2>/dev/null; echo other > /proc/sys/kernel/hostname; uname -n";
    for (const flags of [[], ["--user", "root"]]) expect(shell(caller, `${rename}; true`, { flags })).toBe("bunker");
  });
});
