/**
 * Docker's default seccomp profile, where a copy of it lies in a directory `shared` beside this checkout, or further up: the project does not
 * contain it.
 * @module
 */
import { test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./binary.ts";

const NAME = "shared/data/docker-default-seccomp.json";

const find = (directory: string): string | undefined => {
  const path = join(directory, NAME);
  if (existsSync(path)) return path;
  return directory === "/" ? undefined : find(dirname(directory));
};

export const DOCKER_PROFILE = find(ROOT);

export const dockerProfileText = (): string => readFileSync(DOCKER_PROFILE ?? "", "utf8");

/** A test that reads it; without one it is skipped, and its name says so. */
export const testWithDockerProfile = (title: string, body: (path: string) => void | Promise<void>): void => {
  if (DOCKER_PROFILE === undefined) test.skip(`${title}: ${NAME} is not there`, () => {});
  else test(title, () => body(DOCKER_PROFILE));
};
