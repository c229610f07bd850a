/**
 * One entry point, as one executable. The only place that knows the flags of the shipped binary, so that the
 * benchmark's empty program and the tests' fixtures are built exactly like it.
 *
 * Measured on `run -- /bin/true`, 80 interleaved starts, minima in ms: as it is but for the JIT policy 16.7, without
 * bytecode 25.0, without splitting 20.1, not minified 16.5. From tsup's output it is 16.9, so it is built from the sources,
 * one step less. A bytecode order recorded from a run: 16.6, not worth its step either.
 * @module
 */

/** How much longer than usual code stays in the interpreter; 4 gave two thirds of the gain, 100 and 1000 no more. */
const JIT_POLICY = 16;

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
      // A start is over before compiled code could pay for its compilation: 16.5 ms with Bun's own policy, 14.1 with this.
      // A script that runs on the Bun inside the binary was as fast with both. What stays up calls Bun.unsafe.setJITPolicy(1).
      jitPolicy: JIT_POLICY,
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
