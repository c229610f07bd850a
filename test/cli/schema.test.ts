import { expect, test } from "bun:test";
import { builtinPlugins } from "../../plugins/index.ts";
import { configSchema } from "../../src/cli/schema.ts";

test("the schema has a section for every plugin, and refuses any other key", () => {
  const schema = configSchema(builtinPlugins);
  expect(schema.additionalProperties).toBe(false);
  expect(Object.keys(schema.properties as object)).toEqual([
    "$schema",
    "command",
    "plugins",
    ...builtinPlugins.map(({ name }) => name),
  ]);
});

test("sections of built-in plugins refuse unknown keys too, and every key of theirs says what it is", () => {
  const { properties } = configSchema(builtinPlugins) as {
    properties: Record<string, { additionalProperties?: boolean; properties?: object }>;
  };
  for (const { name } of builtinPlugins) {
    expect(properties[name]?.additionalProperties).toBe(false);
    for (const field of Object.values(properties[name]?.properties ?? {})) expect(field).toHaveProperty("description");
  }
});

test("a plugin with a schema of another library has an open section", () => {
  const config = { "~standard": { version: 1, vendor: "other", validate: (value: unknown) => ({ value }) } } as const;
  const { properties } = configSchema([{ name: "strange", summary: "Strange", config }]) as {
    properties: Record<string, unknown>;
  };
  expect(properties.strange).toEqual({ type: "object", description: "Strange" });
});
