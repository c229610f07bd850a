/**
 * One entry point, as one executable. The only place that knows the flags of the shipped binary, so that the
 * benchmark's empty program and the tests' fixtures are built exactly like it.
 *
 * Built from the sources, not from tsup's output: measured with the same program (citty, valibot, consola/core, bun:ffi),
 * 200 interleaved starts, minima 8.58 ms from the sources and 8.23 ms from tsup's chunks, medians 12.3 and 12.2; in another
 * round 6.99 and 6.91. That is noise, and one step less. `bytecodeOrder` made no difference that could be measured either.
 * @module
 */

export interface Compilation {
  readonly entry: string;
  readonly outfile: string;
  /** Bun's name of the platform; the one that builds unless given. */
  readonly target?: Bun.Build.CompileTarget;
  /** Bun's runtime for that platform; the running one unless given. */
  readonly runtime?: string;
}

/** Writes `outfile`, which starts without reading anything of the directory that it is started in. */
export const compile = async ({ entry, outfile, target, runtime }: Compilation): Promise<void> => {
  await Bun.build({
    entrypoints: [entry],
    compile: {
      outfile,
      ...(target === undefined ? {} : { target }),
      ...(runtime === undefined ? {} : { executablePath: runtime }),
      // A compiled program runs the `preload` of the current directory's bunfig.toml and reads its .env by default.
      // For a sandbox that directory is a stranger's.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
    target: "bun",
    format: "esm",
    minify: true,
    // Sub-commands stand behind import(): without splitting their code is parsed at every start.
    splitting: true,
    bytecode: true,
    // tiny-invariant drops its messages in production, which is what --compile implies.
    define: { "process.env.NODE_ENV": '"development"' },
  });
};
