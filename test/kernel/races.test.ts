/**
 * Races: somebody outside exchanges directories for links while sandboxes start, and no mount or file is led out of its place
 * (security.md, row 9: CVE-2021-30465, CVE-2024-45310, CVE-2025-24965 and their like).
 *
 * A start may fail, since its place is gone, and says so; it never puts anything elsewhere, neither on the host nor inside.
 * @module
 */
import { afterAll, expect, setDefaultTimeout } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { Outcome } from "../support/binary.ts";
import { box } from "../support/box.ts";
import { type Caller, describeForCallers, testWith } from "../support/callers.ts";
import { parseMounts } from "../support/mounts.ts";
import { scratchDirectory } from "../support/scratch.ts";
import { swap } from "../support/swapper.ts";

setDefaultTimeout(120_000);

const scratch = scratchDirectory();
const STARTS = 30;
/** What is at /proc may have another name by then. */
const LOOK = [
  "sh",
  "-c",
  "for i in $(seq 50); do for p in /proc /proc.link; do cat $p/self/mountinfo && exit; done; done; exit 9",
];

/** Where a link would like a mount to go: the host, the sandbox's own files, another volume, and what descriptors lead to. */
const LURES = [
  scratch.at("elsewhere"),
  "../../elsewhere",
  "/etc",
  "/tmp",
  "/usr/share",
  "/other",
  "../other",
  "/proc/self/fd/5",
  "/proc/self/cwd",
  "/proc/1/root/tmp",
];

/** A place that is gone, seen when it is planned or when it is made. */
const REFUSED = /symbolic link|must be a directory|ELOOP|ENOENT|ENOTDIR|EINVAL|EEXIST|ESTALE|readlink|does not exist/;

/** The one who exchanges is a Python script. */
const race = (title: string, body: () => Promise<void>): void => testWith(["python3"], title, body);

const mountsOfHost = readFileSync("/proc/self/mountinfo", "utf8");
afterAll(() => expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(mountsOfHost));

/** Directories that lures lead to, on the host. Whatever is made in one of them was made in the wrong place. */
const watched = (caller: Caller): readonly string[] => [
  scratch.directory("elsewhere"),
  scratch.directory(`other-${caller.name}`),
];

const checkHost = (caller: Caller): void => {
  for (const directory of watched(caller)) expect(readdirSync(directory)).toEqual([]);
  for (const top of ["/etc", "/tmp", "/usr/share", "/"])
    for (const name of ["mounted", "memory", "made", "upper"]) expect(existsSync(`${top}/${name}`)).toBe(false);
};

/** A start that worked has its mounts where they belong; one that did not says why. */
const checkOutcome = ({ exitCode, stdout, stderr }: Outcome, isInPlace: (target: string) => boolean): void => {
  if (exitCode === 0) {
    const misled = parseMounts(stdout).filter(({ target }) => /mounted|memory|made/.test(target) && !isInPlace(target));
    expect(misled).toEqual([]);
  } else {
    expect([exitCode, stderr]).toEqual([125, expect.stringMatching(REFUSED)]);
  }
};

describeForCallers("a directory in a volume that becomes a link and back during starts", (caller) => {
  const [trap, data] = [scratch.directory(`trap-${caller.name}`), scratch.directory("data")];
  watched(caller);

  const flags = [
    "-v",
    `${trap}:/trap`,
    "-v",
    `${scratch.at(`other-${caller.name}`)}:/other`,
    "-v",
    `${data}:/trap/x/mounted`,
    "--tmpfs",
    "/trap/x/memory:size=64k",
    "--file",
    "/trap/x/memory/made=text",
    "-v",
    `${data}:/trap/x/memory/deep/mounted`,
  ];

  for (const lure of LURES)
    race(`leads no mount to ${lure}`, async () => {
      for (const name of ["x", "y"]) rmSync(`${trap}/${name}`, { recursive: true, force: true });
      mkdirSync(`${trap}/x`);
      chmodSync(`${trap}/x`, 0o777);
      symlinkSync(lure, `${trap}/y`);
      await using swapper = await swap([`${trap}/x`, `${trap}/y`]);
      const outcomes = Array.from({ length: STARTS }, () => box(caller, LOOK, { flags }));
      expect(swapper.isRunning()).toBe(true);
      for (const outcome of outcomes) checkOutcome(outcome, (target) => target.startsWith("/trap/"));
      checkHost(caller);
    });
});

describeForCallers("a root directory whose parts become links and back during starts", (caller) => {
  const root = scratch.directory(`root-${caller.name}`);
  watched(caller);
  for (const name of ["usr", "bin", "lib", "lib64"]) scratch.directory(`root-${caller.name}`, name);
  const system = ["usr", "bin", "lib", "lib64"].flatMap((name) =>
    existsSync(`/${name}`) ? ["-v", `/${name}:/${name}:ro`] : [],
  );
  const names = ["proc", "dev", "tmp", "run"];

  for (const lure of ["../elsewhere", "etc", "/usr", "/proc/self/fd/5", scratch.at("elsewhere")])
    race(`to ${lure}`, async () => {
      for (const name of [...names, ...names.map((one) => `${one}.link`)])
        rmSync(`${root}/${name}`, { recursive: true, force: true });
      for (const name of names) {
        scratch.directory(`root-${caller.name}`, name);
        symlinkSync(lure, `${root}/${name}.link`);
      }
      const pairs = names.map((name) => [`${root}/${name}`, `${root}/${name}.link`] as const);
      await using swapper = await swap(...pairs);
      for (let start = 0; start < STARTS; start += 1) {
        const { exitCode, stdout, stderr } = box(caller, LOOK, { flags: ["--rootfs", root, ...system] });
        if (exitCode === 0) {
          const kernels = parseMounts(stdout).filter(({ type }) => ["proc", "devpts", "mqueue"].includes(type));
          const stray = kernels.filter(({ target }) => !/^\/(proc|dev)(\.link)?(\/|$)/.test(target));
          expect(stray).toEqual([]);
          // Whatever is at /proc when the payload looks: it was mounted on the directory, never on what the link leads to.
          expect(
            parseMounts(stdout).filter(({ target, type }) => /^\/(etc|usr)\//.test(target) && type !== "tmpfs"),
          ).toEqual([]);
        } else expect([exitCode, stderr]).toEqual([125, expect.stringMatching(REFUSED)]);
      }
      expect(swapper.isRunning()).toBe(true);
      for (const name of ["etc", "usr"])
        if (existsSync(`${root}/${name}`)) expect(readdirSync(`${root}/${name}`)).toEqual([]);
      checkHost(caller);
    });
});

describeForCallers("an upper directory that becomes a link and back during starts", (caller) => {
  watched(caller);

  for (const lure of [scratch.at("elsewhere"), "../elsewhere"])
    race(`to ${lure} is written to, or nothing is`, async () => {
      const [lower, upper] = [scratch.at(`lower-${caller.name}`), scratch.at(`upper-${caller.name}`)];
      for (const directory of [lower, upper]) {
        rmSync(directory, { recursive: true, force: true });
        mkdirSync(directory, { mode: 0o700 });
        if (process.getuid?.() === 0) chownSync(directory, caller.uid, caller.gid);
      }
      mkdirSync(`${upper}/upper`);
      symlinkSync(lure, `${upper}/upper.link`);
      writeFileSync(`${lower}/file`, "");
      Bun.spawnSync(["chown", "-Rh", `${caller.uid}:${caller.gid}`, lower, upper]);
      await using swapper = await swap([`${upper}/upper`, `${upper}/upper.link`]);
      for (let start = 0; start < STARTS; start += 1) {
        const flags = ["--overlay", `${lower}:/work:upper=${upper}`];
        const { exitCode, stderr } = box(caller, ["sh", "-c", "echo x >/work/made"], { flags });
        if (exitCode !== 0) expect([exitCode, stderr]).toEqual([125, expect.stringMatching(REFUSED)]);
      }
      expect(swapper.isRunning()).toBe(true);
      expect(readdirSync(lower)).toEqual(["file"]);
      checkHost(caller);
    });
});

describeForCallers("a file that is hidden and becomes a link and back during starts", (caller) => {
  race("is hidden, or nothing starts", async () => {
    const top = scratch.directory(`hidden-${caller.name}`);
    for (const name of ["key", "key.link"]) rmSync(`${top}/${name}`, { force: true });
    writeFileSync(`${top}/key`, "secret");
    writeFileSync(`${top}/harmless`, "harmless");
    symlinkSync("harmless", `${top}/key.link`);
    await using swapper = await swap([`${top}/key`, `${top}/key.link`]);
    for (let start = 0; start < STARTS; start += 1) {
      const { exitCode, stdout, stderr } = box(caller, ["cat", "/proc/self/mountinfo"], {
        flags: ["-v", `${top}:/v:ro`, "--mask", "/v/key"],
      });
      if (exitCode !== 0) expect([exitCode, stderr]).toEqual([125, expect.stringMatching(REFUSED)]);
      else expect(parseMounts(stdout).filter(({ target }) => /^\/v\/(key|harmless)/.test(target))).toHaveLength(1);
    }
    expect(swapper.isRunning()).toBe(true);
  });
});
