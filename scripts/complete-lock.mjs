/**
 * Makes package-lock.json work for every machine (`npm run lock`, after dependencies have changed).
 *
 * - A package that exists once per platform comes as optional dependencies. Where the registry in use does not offer all
 *   of them, npm leaves the others out of the lock file, and `npm ci` then refuses it. They are added by name and version.
 * - Addresses of a registry are left out: whoever installs has their own.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";

const FILE = new URL("../package-lock.json", import.meta.url);
const OS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const CPU = ["arm64", "arm", "ia32", "loong64", "ppc64", "riscv64", "s390x", "x64"];
const LIBC = { musl: "musl", musleabihf: "musl", gnu: "glibc", gnueabihf: "glibc" };

/** "@rollup/rollup-linux-x64-musl" → linux, x64, musl: what keeps npm from installing it anywhere else. */
const platformOf = (name) => {
  const words = name.split(/[-/]/);
  const os = OS.filter((word) => words.includes(word));
  const cpu = CPU.filter((word) => words.includes(word));
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`${name}: not a package of one platform`);
  const libc = words.flatMap((word) => LIBC[word] ?? []);
  return { os, cpu, libc: libc.length > 0 ? libc : undefined };
};

const lock = JSON.parse(readFileSync(FILE, "utf8"));
const { packages } = lock;

for (const entry of Object.values(packages)) {
  delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (`node_modules/${name}` in packages) continue;
    const { cpu, libc, os } = platformOf(name);
    const dev = entry.dev;
    // In the order in which npm writes them, so that npm changes nothing; undefined ones are not written.
    packages[`node_modules/${name}`] = { version, cpu, dev, libc, optional: true, os };
  }
}

lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(FILE, `${JSON.stringify(lock, undefined, 2)}\n`);
