/** JSON Schemas of both files, generated from the schemas that validate them, for editors and other programs. */
import { z } from 'zod';
import { manifestSchema } from '../manifest/manifest.ts';
import { configSchema } from './configSchema.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A text that may be a reference: what it gives is checked when the relayer starts. */
const REFERENCE = '\\$\\{';

/** File names in `configs/` and the JSON in them. */
export function schemaFiles(): ReadonlyMap<string, JsonSchema> {
  return new Map([
    ['manifest.schema.json', titled('Viaduct manifest', toSchema(manifestSchema, false))],
    ['relayer.schema.json', titled('Viaduct relayer configuration', toSchema(configSchema, true))],
  ]);
}

function toSchema(schema: z.ZodType, references: boolean): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    // What editors' YAML and JSON support understands best.
    target: 'draft-7',
    override: ({ jsonSchema, path }) => {
      if (references && path.at(-1) !== 'propertyNames') allowReference(jsonSchema);
    },
  });
}

function allowReference(schema: JsonSchema): void {
  if (schema.type !== 'string') return;
  if (schema.pattern !== undefined) schema.pattern = `(?:${schema.pattern})|${REFERENCE}`;
  if (schema.enum !== undefined) {
    schema.anyOf = [{ enum: schema.enum }, { pattern: REFERENCE }];
    delete schema.enum;
  }
}

function titled(title: string, schema: JsonSchema): JsonSchema {
  const { $schema, ...rest } = schema;
  return { ...($schema === undefined ? {} : { $schema }), title, ...rest };
}
