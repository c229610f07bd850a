/**
 * `npm run gen [-- --check]`: every generated file, one generator after the other. The first that fails ends it.
 * @module
 */
const GENERATORS = ["gen-syscalls.ts", "gen-prebuilt.ts", "gen-seccomp.ts"];

for (const generator of GENERATORS) {
  const { exitCode } = Bun.spawnSync([process.execPath, `${import.meta.dir}/${generator}`, ...process.argv.slice(2)], {
    stdout: "inherit",
    stderr: "inherit",
  });
  if (exitCode !== 0) process.exit(exitCode ?? 1);
}
