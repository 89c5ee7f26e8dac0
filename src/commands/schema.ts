import { type ConnectorDescription, describeConnector } from '../sources/describe.ts';
import { defineCommand } from './command.ts';
import { type Output, proseWidth } from './output/output.ts';
import { plain, wrap } from './output/text.ts';
import { flag } from './parameters.ts';
import { fieldTable } from './schema-fields.ts';
import { connector, platform } from './shared.ts';

export const schemaCommand = defineCommand({
  positionals: { connector },
  options: { platform, full: flag('Also the fields that are rarely needed.') },
  description:
    'Shows what a connector needs: every field of its config, what must be prepared, what a test checks, and an example. ' +
    'With --json it is the JSON Schema and all that belongs to it.',
  examples: ['headwater schema postgresql', 'headwater schema pg --full', 'headwater schema pg --json'],
  run: async ({ full, ...request }, { app, out }) => {
    const description = await describeConnector(app.services, { ...request, detail: full ? 'full' : 'essential' });
    return { document: description, lines: () => lines(out, description) };
  },
});

function lines(out: Output, about: ConnectorDescription): string[] {
  const { connector: code, name, platform: where, schema, options_schema, secret_fields, hidden_fields = 0 } = about;
  const hidden = `${hidden_fields} more, rarely needed: --full shows ${hidden_fields === 1 ? 'it' : 'them'}`;
  return [
    `${out.paint('bold', name)}  ${out.paint('dim', `${code} on ${where}`)}`,
    '',
    ...fieldTable(out, schema, secret_fields),
    ...(hidden_fields > 0 ? [out.paint('dim', hidden)] : []),
    ...(options_schema ? section(out, `Options of the platform ${where}`, fieldTable(out, options_schema, [])) : []),
    ...section(out, 'To prepare', bullets(out, about.prerequisites)),
    ...section(out, 'What a test checks', wrap(about.tests.map(({ title }) => title).join(' · '), proseWidth(out))),
    ...section(out, 'Example', JSON.stringify(about.example_config, null, 2).split('\n')),
    '',
    out.paint('dim', `Save it as ${code}.json, then: headwater test ${code} --config ${code}.json`),
    ...(about.docs_url ? [out.paint('dim', about.docs_url)] : []),
  ];
}

function section(out: Output, title: string, body: readonly string[]): string[] {
  return ['', out.paint('bold', title), ...body];
}

function bullets(out: Output, texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    wrap(plain(text), proseWidth(out) - 2).map((line, at) => (at === 0 ? `• ${line}` : `  ${line}`)),
  );
}
