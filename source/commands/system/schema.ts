import { onHost } from '../../app/command.ts';
import { unknownValue } from '../../cli/flags.ts';
import { UsageError } from '../../errors.ts';

export const schema = onHost({
  spec: {
    name: 'schema',
    usage: '[COMMAND]',
    summary: 'the JSON Schema of what a command prints with --json',
    flags: [],
    examples: [
      ['schema list', 'of one command'],
      ['schema', 'of all, by command'],
    ],
    needs: { database: false, tenants: 'none' },
    writes: false,
    words: { least: 0, most: 1 },
  },
  // It prints schemas, with or without --json.
  json: null,
  read: ([name]) => ({ name }),
  async run({ name }, { table }) {
    const { jsonSchemas } = await import('./json-schemas.ts');
    const all = await jsonSchemas(table);
    if (name === undefined) return documentOf(all);
    const names = Object.keys(all);
    if (!names.includes(name)) throw new UsageError([unknownValue('schema', name, names)]);
    return documentOf(all[name]!);
  },
});

function documentOf(json: object) {
  return { json, text: () => `${JSON.stringify(json, null, 2)}\n` };
}
