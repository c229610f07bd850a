/**
 * Overlays: what is written stays out of the source, and can be read afterwards; whatever the payload has made of it.
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type BoxOptions, box, running, shell } from "../support/box.ts";
import { type Caller, describeForCaller, describeForCallers, SHARED_BINARY } from "../support/callers.ts";
import { parseMounts } from "../support/mounts.ts";
import { eventually } from "../support/processes.ts";
import { scratchDirectory } from "../support/scratch.ts";

const scratch = scratchDirectory();

/** A tree of the caller's own, with everything that there is in trees. */
const makeTree = (caller: Caller, name: string): string => {
  const top = scratch.at(`${name}-${caller.name}`);
  mkdirSync(`${top}/sub/deep`, { recursive: true });
  mkdirSync(`${top}/gone`);
  for (const [path, text] of Object.entries({
    file: "old\n",
    "sub/a": "a\n",
    "sub/b": "b\n",
    "sub/deep/c": "c\n",
    "gone/x": "x\n",
  }))
    writeFileSync(`${top}/${path}`, text);
  writeFileSync(`${top}/private`, "mine\n", { mode: 0o600 });
  symlinkSync("file", `${top}/link`);
  Bun.spawnSync(["chown", "-Rh", `${caller.uid}:${caller.gid}`, top]);
  return top;
};

/** Everything of a tree, so that it can be compared. */
const snapshot = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const stat = lstatSync(`${directory}/${name}`);
      const text = stat.isFile() ? readFileSync(`${directory}/${name}`, "utf8") : "";
      return `${name} ${stat.mode.toString(8)} ${stat.uid} ${stat.mtimeMs} ${text}`;
    });

interface Diffed {
  readonly exitCode: number;
  readonly changes: readonly string[];
  readonly stdout: string;
}

/** Runs a script with --diff. @returns the changes as `kind path` */
const diff = (caller: Caller, script: string, flags: readonly string[], more: BoxOptions = {}): Diffed => {
  const { exitCode, stdout, stderr } = box(caller, ["sh", "-c", script], { ...more, flags: ["--diff", ...flags] });
  const lines = stderr.trimEnd().split("\n");
  return { exitCode, stdout, changes: lines.map((line) => line.replace(/ +/, " ")) };
};

describeForCallers("an overlay", (caller) => {
  const source = makeTree(caller, "source");
  const before = snapshot(source);
  const flags = ["--overlay", `${source}:/work`];

  afterEach(() => expect(snapshot(source)).toEqual(before));

  test("shows its source, as the payload's own", () => {
    const script = "cd /work; cat file link private sub/deep/c; stat -c '%u %a' file private; stat -c %a .";
    const top = (lstatSync(source).mode & 0o7777).toString(8);
    const uid = shell(caller, "id -u");
    expect(shell(caller, script, { flags })).toBe(`old\nold\nmine\nc\n${uid} 644\n${uid} 600\n${top}`);
  });

  test("can be written to in every way, and what is written is gone with it", () => {
    const script =
      "cd /work; echo new >>file; echo n >new; rm sub/a; rm -r gone; mkdir gone; mv sub/b moved; chmod 755 private; ln -s x y; cat file; ls";
    expect(shell(caller, script, { flags })).toBe("old\nnew\nfile\ngone\nlink\nmoved\nnew\nprivate\nsub\ny");
    expect(shell(caller, "cat /work/file; ls /work/gone", { flags })).toBe("old\nx");
  });

  test("is nosuid, nodev, and noexec on request, and says nothing of the host's paths", () => {
    const mountinfo = (more: string): string =>
      shell(caller, "cat /proc/self/mountinfo", { flags: ["--overlay", `${source}:/work${more}`] });
    const [plain] = parseMounts(mountinfo("")).filter(({ target }) => target === "/work");
    expect(plain?.options).toEqual(expect.arrayContaining(["rw", "nosuid", "nodev"]));
    expect(mountinfo("")).not.toContain(source);
    const [noexec] = parseMounts(mountinfo(":noexec")).filter(({ target }) => target === "/work");
    expect(noexec?.options).toContain("noexec");
  });

  test("has limits in size and in inodes", () => {
    const limited = ["--overlay", `${source}:/work:size=64k,nr_inodes=20`];
    const fill = "head -c 200000 /dev/zero >/work/big 2>/dev/null; wc -c </work/big";
    expect(Number(shell(caller, fill, { flags: limited }))).toBeLessThanOrEqual(65_536);
    const many = "cd /work; for i in $(seq 100); do echo >$i; done 2>/dev/null; ls | wc -l";
    expect(Number(shell(caller, many, { flags: limited }))).toBeLessThan(30);
  });

  test("can be on top of the path that it shows, and be where the payload starts", () => {
    const options = { flags: ["--overlay", `${source}:${source}`], cwd: source };
    expect(shell(caller, "pwd; echo new >file; cat file", options)).toBe(`${source}\nnew`);
  });

  test("takes mounts, files and masks inside", () => {
    const inner = scratch.directory(`inner-${caller.name}`);
    const more = ["-v", `${inner}:/work/made/inner`, "--file", "/work/made/file=text", "--mask", "/work/private"];
    const script = "cat /work/made/file /work/private; test -d /work/made/inner && echo there";
    expect(shell(caller, script, { flags: [...flags, ...more] })).toBe("textthere");
  });

  test("leads no mount through a link that is in its source", () => {
    expect(box(caller, ["true"], { flags: [...flags, "-v", "/usr/share:/work/link/x"] })).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("is a symbolic link"),
    });
  });
});

describeForCallers("--diff", (caller) => {
  const source = makeTree(caller, "diffed");
  const flags = ["--overlay", `${source}:/work`];

  test("prints what was added, modified and deleted, by path, and ends as the payload does", () => {
    const script =
      "cd /work; echo new >>file; echo n >new; rm sub/a; rm -r gone; mkdir -p d/e; ln -s x y; mkfifo pipe; chmod 700 sub; exit 7";
    expect(diff(caller, script, flags)).toEqual({
      exitCode: 7,
      stdout: "",
      changes: [
        "added /work/d/",
        "added /work/d/e/",
        "modified /work/file",
        "deleted /work/gone/",
        "added /work/new",
        "added /work/pipe",
        "modified /work/sub/",
        "deleted /work/sub/a",
        "added /work/y@",
      ],
    });
  });

  test("knows what a directory hides that was removed and made again", () => {
    expect(diff(caller, "cd /work; rm -r sub; mkdir sub; echo a >sub/a; echo z >sub/z", flags).changes).toEqual([
      "deleted /work/sub/b",
      "deleted /work/sub/deep/",
      "added /work/sub/z",
    ]);
  });

  test("knows what became something else", () => {
    const script = "cd /work; rm file; mkdir file; echo x >file/x; rm -r gone; ln -s /etc gone; ln -sfn other link";
    expect(diff(caller, script, flags).changes).toEqual([
      "deleted /work/file",
      "added /work/file/",
      "added /work/file/x",
      "deleted /work/gone/",
      "added /work/gone@",
      "modified /work/link@",
    ]);
  });

  test("does not take a touched or opened file for a changed one", () => {
    const script = "cd /work; touch file sub; : >>sub/a; exec 3<>sub/b; cat sub/deep/c >/dev/null; echo x >t; rm t";
    expect(diff(caller, script, flags).changes).toEqual(["no changes"]);
  });

  test("compares contents of the same length, to the end", () => {
    const grow = "cd /work; printf 'old!' >file; head -c 300000 /dev/zero >sub/a; printf 'B\\n' >sub/b";
    expect(diff(caller, grow, flags).changes).toEqual([
      "modified /work/file",
      "modified /work/sub/a",
      "modified /work/sub/b",
    ]);
  });

  test("is JSON on request", () => {
    const { stderr } = box(caller, ["sh", "-c", "rm /work/file; echo >/work/n"], {
      flags: ["--diff", "--json", ...flags],
    });
    expect(JSON.parse(stderr)).toEqual({
      changes: [
        { kind: "deleted", path: "/work/file", node: "file" },
        { kind: "added", path: "/work/n", node: "file" },
      ],
      truncated: false,
    });
  });

  test("comes behind all that the payload has written, and goes through no terminal escapes of its names", () => {
    const { stderr } = box(caller, ["sh", "-c", "echo last >&2; touch \"/work/$(printf 'a\\033[2Jb\\nc')\""], {
      flags: ["--diff", ...flags],
    });
    expect(stderr).toBe("last\nadded     /work/a\\e[2Jb\\nc\n");
  });

  test("follows no link that the payload has made", () => {
    const secret = scratch.at(`secret-${caller.name}`);
    mkdirSync(secret, { recursive: true });
    writeFileSync(`${secret}/inside`, "");
    const script = `cd /work; ln -s ${secret} d; ln -s ../../../../..${secret} e; rm -r sub; ln -s ${secret} sub; ln -s /proc/1/root r`;
    const { changes } = diff(caller, script, flags);
    expect(changes.join("\n")).not.toContain("inside");
    expect(changes).toEqual(expect.arrayContaining(["added /work/d@", "added /work/sub@", "added /work/r@"]));
  });

  test("says what it could not look into, and is not held up by anything", () => {
    const script = "cd /work; mkdir -p z/y; chmod 0 z; mkfifo sub/b2; chmod 0 file; chmod 0 .";
    const { changes, exitCode } = diff(caller, script, flags);
    expect(exitCode).toBe(0);
    if (caller.name === "root")
      expect(changes).toEqual([
        "modified /work/",
        "modified /work/file",
        "added /work/sub/b2",
        "added /work/z/",
        "added /work/z/y/",
      ]);
    else expect(changes).toEqual(["modified /work/", "unknown /work/"]);
  });

  test("looks into no tree deeper than it can hold", () => {
    const script = "cd /work; i=0; while [ $i -lt 300 ]; do mkdir d && cd d || exit 1; i=$((i+1)); done";
    const { changes } = diff(caller, script, flags);
    expect(changes.filter((line) => line.startsWith("unknown"))).toHaveLength(1);
    expect(changes.length).toBeGreaterThan(200);
  });

  test("is of every overlay, and of an upper directory what is in it from before", () => {
    const other = makeTree(caller, "other");
    const upper = scratch.at(`upper-${caller.name}`);
    mkdirSync(upper, { mode: 0o700, recursive: true });
    if (caller.name === "unprivileged" && process.getuid?.() === 0) chownSync(upper, caller.uid, caller.gid);
    const both = [...flags, "--overlay", `${other}:/other:upper=${upper}`];
    expect(
      diff(caller, "echo x >/work/file; rm /other/file; rm -r /other/sub; mkdir /other/sub", both).changes,
    ).toEqual([
      "deleted /other/file",
      "deleted /other/sub/a",
      "deleted /other/sub/b",
      "deleted /other/sub/deep/",
      "modified /work/file",
    ]);
    expect(diff(caller, "cat /other/link 2>/dev/null; echo n >/other/n", both).changes).toEqual([
      "deleted /other/file",
      "added /other/n",
      "deleted /other/sub/a",
      "deleted /other/sub/b",
      "deleted /other/sub/deep/",
    ]);
    expect(readFileSync(`${upper}/upper/n`, "utf8")).toBe("n\n");
    expect(lstatSync(`${upper}/upper/n`).uid).toBe(caller.uid);
  });

  test("needs an overlay, and --json needs it", () => {
    expect(box(caller, ["true"], { flags: ["--diff"] }).stderr).toContain("there is none");
    expect(box(caller, ["true"], { flags: ["--json"] }).stderr).toContain("add --diff");
  });

  test("of a command that was not found has nothing to say", () => {
    const { exitCode, stderr } = box(caller, ["no-such-command"], { flags: ["--diff", ...flags] });
    expect(exitCode).toBe(127);
    expect(stderr).not.toContain("changes");
  });
});

describeForCallers("an upper directory", (caller) => {
  const source = makeTree(caller, "below");

  test("that somebody has put links into leads nowhere", () => {
    const [upper, elsewhere] = [scratch.at(`trap-${caller.name}`), scratch.directory(`elsewhere-${caller.name}`)];
    for (const name of ["upper", "work"]) {
      mkdirSync(upper, { mode: 0o700 });
      symlinkSync(elsewhere, `${upper}/${name}`);
      if (process.getuid?.() === 0) chownSync(upper, caller.uid, caller.gid);
      const { exitCode, stderr } = box(caller, ["touch", "/work/new"], {
        flags: ["--overlay", `${source}:/work:upper=${upper}`],
      });
      expect([exitCode, stderr]).toEqual([125, expect.stringContaining("ELOOP")]);
      expect(readdirSync(elsewhere)).toEqual([]);
      rmSync(upper, { recursive: true });
    }
  });

  test("is one sandbox's at a time", async () => {
    const upper = scratch.at(`busy-${caller.name}`);
    mkdirSync(upper, { mode: 0o700 });
    if (process.getuid?.() === 0) chownSync(upper, caller.uid, caller.gid);
    const flags = ["--overlay", `${source}:/work:upper=${upper}`];
    {
      await using _first = await running(caller, { flags });
      const { exitCode, stderr } = box(caller, ["true"], { flags });
      expect([exitCode, stderr]).toEqual([
        125,
        expect.stringContaining("another sandbox writes to that upper directory"),
      ]);
    }
    expect(await eventually(() => box(caller, ["true"], { flags }).exitCode === 0)).toBe(true);
  });

  test("is not one with its source", () => {
    for (const [lower, upper] of [
      [source, `${source}/sub`],
      [`${source}/sub`, source],
    ])
      expect(box(caller, ["true"], { flags: ["--overlay", `${lower}:/work:upper=${upper}`] }).stderr).toContain(
        "one in the other",
      );
  });
});

describeForCaller("root", "an upper directory of root's", (caller) => {
  test("that others can get to is refused: setuid programs of root's would be in it", () => {
    const [source, upper] = [makeTree(caller, "roots"), scratch.directory("open-upper")];
    chmodSync(upper, 0o755);
    const { exitCode, stderr } = box(caller, ["true"], { flags: ["--overlay", `${source}:/work:upper=${upper}`] });
    expect([exitCode, stderr]).toEqual([125, expect.stringContaining("others can get there")]);
    expect(readdirSync(upper)).toEqual([]);
  });
});

describeForCaller("unprivileged", "a compiled overlay", (caller) => {
  test("is for the owner of the files, and refuses root by a sentence", () => {
    const [source, image] = [makeTree(caller, "compiled"), scratch.at("overlay-image")];
    const words = [SHARED_BINARY, "compile", "-o", image, "--overlay", `${source}:/work`, "--", "sh", "-c"];
    scratch.directory(".");
    const compiled = Bun.spawnSync([...caller.prefix, ...words, "echo new >/work/file; cat /work/file"], { cwd: "/" });
    expect(compiled.stderr.toString()).toBe("");
    expect(box(caller, [], { image }).stdout).toBe("new\n");
    expect(readFileSync(`${source}/file`, "utf8")).toBe("old\n");
    if (process.getuid?.() !== 0) return;
    const { exitCode, stderr } = Bun.spawnSync([image], { cwd: "/" });
    expect([exitCode, stderr.toString()]).toEqual([125, expect.stringContaining('overlay at "/work"')]);
    expect(existsSync(`${source}/new`)).toBe(false);
  });
});
