/** Writes the JSON Schemas to `configs/`: `npx tsx relayer/config/generateSchemas.ts`. */
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { schemaFiles } from './schemas.ts';

for (const [name, schema] of schemaFiles()) {
  writeFileSync(
    new URL(`../../configs/${name}`, import.meta.url),
    await format(JSON.stringify(schema), { parser: 'json', printWidth: 120 }),
  );
  process.stdout.write(`configs/${name}\n`);
}
