/**
 * Sections of a config, and the check of each through its plugin's schema.
 * @module
 */
import { invalidValue, unknownKey, unknownSection } from "../errors/config.ts";
import type { BunkerError } from "../errors.ts";
import type { Plugin } from "./define.ts";
import type { StandardIssue, StandardSchemaV1 } from "./schema.ts";

/** Unchecked: what a config file and the flags say, by plugin. */
export type Sections = Readonly<Record<string, unknown>>;

/** Checked: what each plugin is given, by plugin. */
export type Configs = Readonly<Record<string, unknown>>;

/** @throws BunkerError when a section belongs to no plugin, or is no table */
export const checkSections = (sections: Sections, plugins: readonly Plugin[]): void => {
  const known = plugins.map(({ name }) => name);
  for (const [name, section] of Object.entries(sections)) {
    if (!known.includes(name)) throw unknownSection(name, known);
    if (typeof section !== "object" || section === null || Array.isArray(section)) {
      throw invalidValue(name, section, "expected a table of keys and values");
    }
  }
};

/** The section with the schema's defaults. @throws BunkerError that names the field, its value and what is allowed */
export const checkSection = async (plugin: Plugin, section: unknown): Promise<unknown> => {
  if (plugin.config === undefined) {
    const [key] = Object.keys(section ?? {});
    if (key !== undefined) throw unknownKey(`${plugin.name}.${key}`, []);
    return {};
  }
  // Most schemas answer at once: awaiting costs a turn of the loop for each plugin.
  const answer = plugin.config["~standard"].validate(section ?? {});
  const result = answer instanceof Promise ? await answer : answer;
  if (result.issues === undefined) return result.value;
  throw issueError(plugin, section, result.issues);
};

/** Checks what a file says before flags build on it. What is missing may still come from a flag. */
export const checkFileSection = async (plugin: Plugin, section: unknown): Promise<void> => {
  const result = await plugin.config?.["~standard"].validate(section);
  const wrong = result?.issues?.filter((issue) => valueAt(section, keysOf(issue)) !== undefined) ?? [];
  if (wrong.length > 0) throw issueError(plugin, section, wrong);
};

const keysOf = (issue: StandardIssue): readonly string[] =>
  (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));

const valueAt = (value: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );

/** valibot's words for a key that a strict object does not have; other libraries' issues are shown as they are. */
const isUnknownKey = (issue: StandardIssue): boolean =>
  "type" in issue && issue.type === "strict_object" && "expected" in issue && issue.expected === "never";

const knownKeys = (schema: StandardSchemaV1 | undefined): readonly string[] =>
  schema !== undefined && "entries" in schema ? Object.keys(schema.entries as object) : [];

/** valibot's default `Invalid type: Expected string but received 5` says the value a second time. */
const allowedBy = (message: string): string => {
  const [, expected] = /^Invalid [^:]+: Expected (.+) but received /s.exec(message) ?? [];
  return expected === undefined ? message : `expected ${expected}`;
};

const issueError = (plugin: Plugin, section: unknown, issues: readonly StandardIssue[]): BunkerError => {
  const issue = issues.find(isUnknownKey) ?? issues[0] ?? { message: "not allowed" };
  const keys = keysOf(issue);
  const path = [plugin.name, ...keys].join(".");
  if (isUnknownKey(issue)) return unknownKey(path, keys.length === 1 ? knownKeys(plugin.config) : []);
  return invalidValue(path, valueAt(section, keys), allowedBy(issue.message));
};
