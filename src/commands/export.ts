import { EXPORT_FORMATS, exportSource } from '../sources/export.ts';
import { defineCommand } from './command.ts';
import { choice, text } from './parameters.ts';
import { operatorCall } from './shared.ts';

export const exportCommand = defineCommand({
  positionals: { source: { ...text('SOURCE', 'Id of the source: `headwater sources` shows it.'), required: true } },
  options: {
    as: {
      ...choice(
        'FORMAT',
        EXPORT_FORMATS,
        "json: portable, for create_source of any platform. kafka-connect: a connector's config. terraform: for Streamkap's provider.",
      ),
      required: true,
    },
  },
  description:
    'Writes a source for another tool, without its secrets: in their place stand references, and what has to hold them is said on stderr.',
  examples: [
    'headwater export src_01jq… --as kafka-connect > shop.json',
    'headwater export streamkap:66f0… --as terraform > shop.tf',
  ],
  run: async ({ source, as }, { app }) => {
    const call = operatorCall(app.services, 'get_source');
    const exported = await exportSource(app.services, { source_id: source, as }, call);
    return {
      document: exported,
      lines: () => exported.text.replace(/\n$/, '').split('\n'),
      notes: exported.notes,
    };
  },
});
