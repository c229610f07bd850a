/**
 * What a binary is built for, and which npm package holds Bun's runtime for it.
 * @module
 */
export const TARGETS = {
  "linux-x64": "bun-linux-x64",
  "linux-arm64": "bun-linux-aarch64",
  "linux-x64-musl": "bun-linux-x64-musl",
  "linux-arm64-musl": "bun-linux-aarch64-musl",
} as const;

export type Target = keyof typeof TARGETS;

export const isTarget = (name: string): name is Target => Object.hasOwn(TARGETS, name);
