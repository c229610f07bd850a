/**
 * The Debian packages that tests use besides Bun, and how to see that they are there.
 * @module
 */
import { read, run } from "./run.mjs";

const onPath = (command) => () => read("sh", ["-c", `command -v ${command}`]) !== undefined;

const PACKAGES = [
  { name: "binutils-multiarch", for: "encoder tables", found: () => read("objdump", ["--info"])?.includes("aarch64") },
  { name: "qemu-user-static", for: "arm64 images", found: onPath("qemu-aarch64-static") },
  { name: "linux-libc-dev", for: "kernel tables", found: () => read("ls", ["/usr/include/linux/version.h"]) },
  { name: "cpp", for: "kernel tables", found: onPath("cpp") },
  { name: "bubblewrap", for: "comparison with bubblewrap", found: onPath("bwrap") },
  { name: "strace", for: "recorded system calls", found: onPath("strace") },
  { name: "util-linux", for: "unprivileged callers", found: onPath("setpriv") },
  { name: "uidmap", for: "ranges of ids of unprivileged callers", found: onPath("newuidmap") },
  { name: "procps", for: "process lists", found: onPath("ps") },
  { name: "python3", for: "Python payloads", found: onPath("python3") },
];

const missing = () => PACKAGES.filter(({ found }) => !found());

const install = (names) => {
  const options = {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  const apt = (...args) => run("apt-get", ["-qq", ...args], options) === 0;
  const add = () => apt("install", "-y", "--no-install-recommends", ...names);
  // A fresh machine has no package lists, an old one has stale ones: either way, once more after an update.
  return add() || (apt("update") && add());
};

/** Installs what is missing where that is possible, and says what could not be. */
export const installPackages = () => {
  const names = missing().map(({ name }) => name);
  if (names.length > 0 && process.getuid?.() === 0 && onPath("apt-get")()) {
    console.error(`installing ${names.join(", ")}`);
    install(names);
  }
  for (const { name, for: purpose } of missing()) {
    console.error(`not installed: ${name}; tests that need it are skipped (${purpose})`);
  }
};
