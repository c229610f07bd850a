/**
 * Loaded before the tests (bunfig.toml): removes what test/support/sandboxes.ts made, once all files are through.
 * @module
 */
import { afterAll } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

afterAll(() => rmSync(join(tmpdir(), `bunker-test-${process.pid}`), { recursive: true, force: true }));
