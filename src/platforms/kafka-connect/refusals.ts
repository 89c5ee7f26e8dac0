import { BASE } from '../../connectors/config.ts';
import type { Connector } from '../../connectors/define-connector.ts';
import { type FieldProblem, HeadwaterError } from '../../errors.ts';
import type { ApiAnswer } from '../../net/api-client.ts';
import { NAME, saidBy } from './worker.ts';

const NO_CLASS = /Failed to find any class that implements Connector|ClassNotFoundException/;
const NO_SECRET = /Could not read properties from file|Failed to (?:read|resolve)|ConfigProvider|Missing (?:data|key)/i;
/** How the framework and Debezium name the setting that is wrong. */
const NAMED = /'([\w.-]+)' value is invalid|[Ii]nvalid value .*? for configuration ([\w.-]+)|configuration "([\w.-]+)"/;

export function isMissingPlugin(answer: ApiAnswer): boolean {
  return NO_CLASS.test(saidBy(answer));
}

/** What a worker refused, in our words and by the fields of the config. */
export function refused(answer: ApiAnswer, connector: Connector | undefined, did: string): HeadwaterError {
  const said = saidBy(answer);
  const lines = linesOf(answer);
  if (NO_SECRET.test(said)) {
    return new HeadwaterError('PLATFORM_REJECTED', `The worker cannot read a secret that the config points at.`, {
      hint: 'The provider must be among config.providers of every worker, and the file and key must be there for its user.',
      upstream_message: said,
    });
  }
  const fields = lines.flatMap((line) => problemOf(line, connector) ?? []);
  return new HeadwaterError('PLATFORM_REJECTED', `${NAME} refused to ${did}.`, {
    hint: fields.length > 0 ? 'Correct the named fields.' : 'upstream_message says what it names.',
    ...(fields.length > 0 ? { fields } : {}),
    ...(said === '' ? {} : { upstream_message: said }),
  });
}

export function missingPlugin(connector: Connector, installed: readonly string[]): HeadwaterError {
  return new HeadwaterError('PLATFORM_REJECTED', missingText(connector, installed), { hint: installHint(connector) });
}

export function missingText({ name, vendorCode }: Connector, installed: readonly string[]): string {
  const list = installed.length > 0 ? `Installed are: ${installed.join(', ')}.` : 'No source plugin is installed.';
  return `The plugin of ${name} (${vendorCode}) is not installed in ${NAME}. ${list}`;
}

export function installHint({ docsUrl }: Connector): string {
  return `Put the plugin into plugin.path of every worker and restart them${docsUrl ? ` (${docsUrl})` : ''}, or choose a connector whose plugin is there.`;
}

function linesOf(answer: ApiAnswer): string[] {
  const { json } = answer;
  const text = typeof json === 'object' && json !== null && 'message' in json ? String(json.message) : '';
  return answer.clean(text).split('\n');
}

function problemOf(line: string, connector: Connector | undefined): FieldProblem | undefined {
  const [, ...names] = NAMED.exec(line) ?? [];
  const name = names.find((each) => each !== undefined);
  if (name === undefined || !connector?.fields[name]) return undefined;
  return { field: `${BASE}/${name}`, message: `${NAME} says: ${line.slice(0, 200)}` };
}
