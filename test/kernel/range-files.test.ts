/**
 * Many ids, and whose the files are: what is made for the payload is the payload's, and of the host's what was asked for.
 * @module
 */
import { expect, test } from "bun:test";
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describeForMember } from "../support/accounts.ts";
import { box, boxed, shell } from "../support/box.ts";
import { type Caller, describeForCaller } from "../support/callers.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();
const AUTO = ["--userns", "auto"];
const OWNER = { uid: 4321, gid: 5432 };

/** Of somebody's who is nobody to the caller, with a file that nobody else may read. */
const makeTree = (name: string): string => {
  const top = scratch.at(name);
  mkdirSync(`${top}/sub`, { recursive: true });
  writeFileSync(`${top}/private`, "mine\n", { mode: 0o600 });
  for (const path of [top, `${top}/sub`, `${top}/private`]) chownSync(path, OWNER.uid, OWNER.gid);
  return top;
};

const ownerOf = (path: string): typeof OWNER => {
  const { uid, gid } = statSync(path);
  return { uid, gid };
};

const tests = (caller: Caller): void => {
  test("secrets are the payload's alone, whoever it is", () => {
    const secret = scratch.file(`secret-${caller.name}`, "hidden\n");
    for (const [user, ids] of [
      ["sandbox", "1000:1000"],
      ["5:6", "5:6"],
      ["root", "0:0"],
    ] as const) {
      const flags = [...AUTO, "--user", user, "--secret", `key=${secret}`];
      const script = "cd /run/secrets; stat -c %u:%g:%a . key; cat key; chmod 444 key 2>/dev/null || echo fixed";
      expect(shell(caller, script, { flags })).toBe(`${ids}:500\n${ids}:400\nhidden\nfixed`);
    }
  });

  test("files that may be written to are the payload's, and others root's, also in a volume", () => {
    const volume = scratch.directory(`volume-${caller.name}`);
    const all = ["/srv/a", "/tmp/b", "/data/c"].flatMap((path) => ["--file", `${path}=old`]);
    const flags = [...AUTO, "-v", `${volume}:/data`, ...all, "--ro-file", "/srv/d=old"];
    const script =
      "for file in /srv/a /tmp/b /data/c; do echo new >$file; done; stat -c %u:%g /srv/a /tmp/b /data/c /srv/d; cat /data/c /srv/d";
    expect(shell(caller, script, { flags })).toBe("1000:1000\n1000:1000\n1000:1000\n0:0\nnew\nold");
  });
};

describeForMember("many ids", (caller) => {
  tests(caller);

  test("are of no use for an idmapped mount, which is refused", () => {
    const { exitCode, stderr } = box(caller, ["true"], { flags: [...AUTO, "-v", "/usr/share:/v:idmap,ro"] });
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining("takes CAP_SYS_ADMIN on the host")]);
  });
});

describeForCaller("root", "many ids", (caller) => {
  tests(caller);

  const maps = ["--uidmap", "0:700000:2000"];

  test.each([
    ["of a range", AUTO],
    ["of root's choice", maps],
    ["without root among them", ["--uidmap", "1000:700000:1"]],
  ])("have an idmapped volume's files as the payload's: %s", (label, ids) => {
    const top = makeTree(`idmapped ${label}`);
    const flags = [...ids, "-v", `${top}:/v:idmap`];
    const script = "cat /v/private; stat -c %u:%g /v /v/private; echo new >/v/sub/new; echo more >>/v/private";
    expect(shell(caller, script, { flags })).toBe("mine\n1000:1000\n1000:1000");
    expect(ownerOf(`${top}/sub/new`)).toEqual(OWNER);
    expect(readFileSync(`${top}/private`, "utf8")).toBe("mine\nmore\n");
  });

  test("have an overlay's files as the payload's, and leave the source alone", () => {
    const top = makeTree("lower");
    const flags = [...AUTO, "--overlay", `${top}:/work`];
    const script =
      "cd /work; stat -c %u:%g . sub private; echo more >>private; echo new >sub/new; mv private moved; rmdir /work/none 2>/dev/null; cat moved; stat -c %u:%g sub/new moved";
    expect(shell(caller, script, { flags })).toBe("1000:1000\n1000:1000\n1000:1000\nmine\nmore\n1000:1000\n1000:1000");
    expect([readdirSync(top).sort(), readFileSync(`${top}/private`, "utf8")]).toEqual([["private", "sub"], "mine\n"]);
    const { stderr } = box(caller, ["sh", "-c", "rm /work/private; echo >/work/x"], { flags: [...flags, "--diff"] });
    expect(stderr.replaceAll(/ +/g, " ").trim().split("\n").sort()).toEqual(["added /work/x", "deleted /work/private"]);
  });

  test("write to an upper directory as its owner, again and again", () => {
    const [lower, upper] = [makeTree("lower again"), scratch.directory("upper")];
    chownSync(upper, OWNER.uid, OWNER.gid);
    const flags = [...AUTO, "--overlay", `${lower}:/work:upper=${upper}`];
    for (const expected of ["mine\n1", "mine\n1\n2"])
      expect(boxed(caller, ["sh", "-c", "wc -l </work/private >>/work/private; cat /work/private"], { flags })).toBe(
        expected,
      );
    for (const path of ["upper", "work", "upper/private"]) expect(ownerOf(`${upper}/${path}`)).toEqual(OWNER);
    expect(readFileSync(`${lower}/private`, "utf8")).toBe("mine\n");
  });

  test("that the user has named keep the owners of an overlay", () => {
    const top = makeTree("named");
    const flags = ["--uidmap", "0:4000:2000", "--gidmap", "0:5000:2000", "--overlay", `${top}:/work`];
    const script = "cd /work; stat -c %u:%g sub private; cat private 2>/dev/null || echo denied";
    expect(shell(caller, script, { flags })).toBe("321:432\n321:432\ndenied");
    expect(
      shell(caller, "cd /work; cat private; echo new >>private; tail -n 1 private", {
        flags: [...flags, "--user", "321:432"],
      }),
    ).toBe("mine\nnew");
  });
});
