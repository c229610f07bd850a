import { defineConfig } from "tsup";

/** The library: one module for those who `import … from "bunker"`. tsc writes its types (tsconfig.types.json). */
export default defineConfig({
  entry: { index: "src/api.ts" },
  outDir: "dist",
  format: "esm",
  platform: "node",
  target: "esnext",
  external: [/^bun(:|$)/],
  // TypeScript 7 has no JavaScript API, which tsup's own declarations need.
  dts: false,
  // A directory that the binary shares must not be emptied, and one file leaves no stale chunks behind.
  clean: false,
  splitting: false,
  silent: true,
});
