/** Writes README's generated tables and the manifests from the code. */

import { readFileSync, writeFileSync } from 'node:fs';
import { createApp } from '../src/app.ts';
import { COMMANDS } from '../src/commands/index.ts';
import { CONNECTORS } from '../src/connectors/index.ts';
import { ERROR_CODES } from '../src/errors.ts';
import { PROBLEMS } from '../src/probes/problems/index.ts';
import { PROVIDERS } from '../src/probes/providers/index.ts';
import { SCHEMES } from '../src/secrets/references.ts';
import { readSettings, variableTable } from '../src/settings.ts';
import { describePlatforms } from '../src/sources/describe.ts';
import { TOOLS } from '../src/tools/index.ts';
import { MANIFESTS } from './manifests.ts';

/** Files with generated sections. A section stands between `<!-- name -->` and `<!-- /name -->`. */
export const DOCUMENTS: Readonly<Record<string, readonly Section[]>> = {
  'README.md': ['commands', 'tools', 'platforms', 'capabilities', 'configuration', 'references', 'errors'],
  'docs/problems.md': ['problems', 'providers'],
};

const atRoot = (file: string) => new URL(`../${file}`, import.meta.url);

/** What a connector's probe was tried against, beside faked servers and networks that fail. */
const TRIED: Readonly<Record<string, string>> = {
  csv: 'files and a web server',
  mariadb: 'MariaDB 10.11',
  mcp: 'servers of the official SDK and their reference server, over both transports',
  mongodb: 'FerretDB 1.24; of change streams, roles and members a fake that speaks its protocol',
  mysql: 'MariaDB 10.11; of MySQL a fake that speaks its protocol',
  oracle:
    "a fake listener that Oracle's own driver takes for one; of the database itself, a fake driver that answers as it documents",
  postgresql: 'PostgreSQL 15 and 18',
  rest_api: 'a web server',
  sqlserver: 'a fake that speaks its protocol, which two drivers of others take for one (tedious, go-mssqldb)',
  webhook: 'a web server',
};

function tried(code: string): string {
  const what = TRIED[code];
  if (what === undefined) throw new Error(`${code} has no entry in TRIED`);
  return what;
}

const yes = (is: boolean) => (is ? 'yes' : '');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const facts = { host: 'HOST', port: 0, username: 'USER', database: 'DATABASE', server: 'SERVER', what: '…', fix: '' };
const sentence = (text: string) => text.replace('HOST:0', 'HOST:PORT').replace(/\.?$/, '');

/** What a platform's adapter was tried against. */
const PLATFORM_TRIED: Readonly<Record<string, string>> = {
  local: 'itself',
  streamkap: 'a server written from its documents',
  kaireon: 'a server written from its documents',
  airweave: 'a server written from its source code',
  camelai: 'a server written from its documents',
  kafka_connect: 'Kafka 4.1 and Debezium 3.4, with PostgreSQL and MariaDB; JDBC by its documentation alone',
};

function platformRows(): string[][] {
  const app = createApp(readSettings({ HEADWATER_HOME: '/nonexistent' }));
  return describePlatforms(app.services).map(({ platform, connectors, can }) => {
    const tried = PLATFORM_TRIED[platform];
    if (tried === undefined) throw new Error(`${platform} has no entry in PLATFORM_TRIED`);
    return [`\`${platform}\``, String(connectors), can.map((what) => what.replaceAll('_', ' ')).join(', '), tried];
  });
}

const SECTIONS = {
  commands: table(
    ['command', 'what it is for'],
    Object.entries(COMMANDS).map(([name, { summary }]) => [`\`headwater ${name}\``, summary]),
  ),
  platforms: table(['platform', 'connectors', 'can', 'tried against'], platformRows()),
  capabilities: table(
    ['connector', 'discover', 'preview', 'cdc check', 'SSH tunnel', 'client certificate', 'tried against'],
    CONNECTORS.map(({ code, fields, capabilities }) => [
      `\`${code}\``,
      yes(capabilities.includes('discover')),
      yes(capabilities.includes('preview')),
      yes(capabilities.includes('cdc_check')),
      yes('ssh_host' in fields),
      yes('tls_cert' in fields),
      tried(code),
    ]),
  ),
  providers: table(
    ['provider', 'for', 'changes can be captured', 'who changes its settings'],
    PROVIDERS.map(({ name, engines, noReplication, settingsBy }) => [
      name,
      engines.join(', '),
      noReplication ? `no: ${noReplication.because}` : '',
      settingsBy.replace('_', ' '),
    ]),
  ),
  tools: table(
    ['tool', 'what it is for', 'writes'],
    TOOLS.map(({ name, description, annotations }) => [
      `\`${name}\``,
      description.split(/(?<=\.) /)[0] ?? '',
      annotations.readOnlyHint ? '' : 'yes',
    ]),
  ),
  configuration: table(
    ['variable', 'default', 'meaning'],
    variableTable().map(({ name, standard, meaning }) => [`\`${name}\``, standard, meaning]),
  ),
  references: table(
    ['reference', 'what it reads', 'what an operator opens'],
    Object.values(SCHEMES).map(({ form, reads, opened }) => [`\`${form}\``, reads, opened]),
  ),
  errors: table(
    ['code', 'meaning', 'try again'],
    Object.entries(ERROR_CODES).map(([code, { meaning, retryable }]) => [
      `\`${code}\``,
      meaning,
      retryable ? 'yes' : '',
    ]),
  ),
  problems: table(
    ['code', 'what it says', 'who'],
    Object.entries(PROBLEMS).map(([code, kind]) => [
      `\`${code}\``,
      sentence(kind.says(facts)),
      kind.actor.replace('_', ' '),
    ]),
  ),
};

type Section = keyof typeof SECTIONS;

/** A document with its generated sections made anew. */
export function withSections(text: string, sections: readonly Section[]): string {
  return sections.reduce((rest, name) => {
    const section = new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- /${name} -->`);
    if (!section.test(rest)) throw new Error(`there is no section ${name}`);
    return rest.replace(section, () => `<!-- ${name} -->\n${SECTIONS[name]}\n<!-- /${name} -->`);
  }, text);
}

if (process.argv[1]?.endsWith('docs.js')) {
  for (const [file, sections] of Object.entries(DOCUMENTS)) {
    writeFileSync(atRoot(file), withSections(readFileSync(atRoot(file), 'utf8'), sections));
  }
  for (const [file, text] of Object.entries(MANIFESTS)) writeFileSync(atRoot(file), text);
}
