import { type Allow, detect, type Proposal } from '../detect/index.ts';
import { platformOf } from '../sources/services.ts';
import { defineCommand } from './command.ts';
import { type Output, proseWidth } from './output/output.ts';
import { table } from './output/table.ts';
import { plain, wrap } from './output/text.ts';
import { text } from './parameters.ts';

export const detectCommand = defineCommand({
  positionals: {
    folder: { ...text('DIR', 'The folder of a project.'), required: true },
  },
  options: {},
  description:
    'Proposes sources from the names in a project: keys of .env files, services of compose files, Prisma and Drizzle ' +
    'configs, dbt profiles, drivers in package.json. Secrets become references, none is ever shown, and each proposal ' +
    'says what must be allowed before they can be read. Nothing is run and nothing is connected. What a value says, ' +
    'such as the host in a URL, is therefore not known here; `headwater test` tells whether it connects.',
  examples: ['headwater detect .', 'headwater detect ~/shop --json'],
  run: async ({ folder }, { app, out }) => {
    const { references } = app.settings;
    const connectors = await platformOf(app.services, undefined).connectors();
    const detected = await detect(folder, new Set(connectors.map(({ code }) => code)), {
      envPrefix: references.envPrefix,
      variables: Object.keys(references.environment),
      directories: references.directories,
    });
    const { proposals, unsupported, left_out: leftOut, looked_at: lookedAt } = detected;
    const names = new Map(connectors.map(({ code, name }) => [code, name]));
    return {
      document: detected,
      lines: () => [
        ...(proposals.length === 0
          ? [`Nothing that ${lookedAt.files.length} files of ${lookedAt.folders} folders name is a source.`]
          : proposals.flatMap((each, at) => [...(at > 0 ? [''] : []), ...proposalLines(out, each, names)])),
        ...unsupported.map(
          ({ engine, found_in: [place] }) =>
            `${out.paint('yellow', engine)}: no connector here (${plain(place?.file ?? '')}, ${place?.what ?? ''})`,
        ),
      ],
      notes: [...detected.notes, ...leftOut.map((each) => `Not looked at: ${plain(each)}`)],
    };
  },
});

function proposalLines(out: Output, proposal: Proposal, names: ReadonlyMap<string, string>): string[] {
  const { connector, candidates = [], config, fill_in: fillIn, allow, found_in: places, notes } = proposal;
  const title = connector === null ? `One of ${candidates.join(', ')}` : (names.get(connector) ?? connector);
  const rows: Row[] = [
    ...Object.entries(config).map(([field, value]): Row => [field, String(value), 'cyan']),
    ...fillIn.map(({ field, from }): Row => [field, `to be filled in: ${from}`, 'dim']),
  ];
  const columns = [
    { text: ([field]: Row) => field, style: () => 'bold' as const },
    { text: ([, value]: Row) => plain(value), style: ([, , style]: Row) => style, fit: 'wrap' as const },
  ];
  return [
    out.paint('bold', title),
    ...places.map(({ file, what }) => out.paint('dim', `  ${plain(file)}: ${what}`)),
    ...table(out, columns, rows, { indent: 2 }),
    ...allow.flatMap((each) => allowLines(out, each)),
    ...notes.flatMap((note) => prose(out, note)),
  ];
}

type Row = readonly [field: string, value: string, style: 'cyan' | 'dim'];

function allowLines(out: Output, { setting, value = '', command, why }: Allow): string[] {
  const first = setting === undefined ? command : `${setting}=${value}`;
  return [
    ...(first === undefined ? [] : [`  ${out.paint('yellow', '→')} ${plain(first)}`]),
    ...prose(out, why, first === undefined ? `  ${out.paint('yellow', '→')} ` : '    '),
  ];
}

function prose(out: Output, sentence: string, first = '  '): string[] {
  return wrap(plain(sentence), proseWidth(out) - 4).map((line, at) => (at === 0 ? first : '    ') + line);
}
