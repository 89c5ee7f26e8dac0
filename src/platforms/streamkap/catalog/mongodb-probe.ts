import { MONGODB_STRINGS } from '../../../connectors/databases/mongodb-strings.ts';
import { CONNECTORS } from '../../../connectors/index.ts';
import { completeConfig } from '../../../connectors/resolved-config.ts';
import { findConnector } from '../../../connectors/search.ts';
import { inOwnWords } from '../../../connectors/through.ts';
import type { VendorConnector } from '../../../connectors/vendor/connector.ts';
import { HeadwaterError } from '../../../errors.ts';
import type { Probe, ProbeContext, StepSpec } from '../../../probes/probe.ts';
import { StepFailure } from '../../../probes/problems/index.ts';
import { parseConnectionString } from '../../../secrets/connection-string.ts';
import { createRedactor } from '../../../secrets/redact.ts';
import { Secret } from '../../../secrets/secret.ts';
import { CONNECTION, composedString } from './mongodb-string.ts';
import { LIST } from './rows.ts';

type Config = Readonly<Record<string, unknown>>;

const LISTS = { databases: 'database.include.list', collections: 'collection.include.list.user.defined' } as const;
const SSH_ROLES = [
  'ssh_host',
  'ssh_port',
  'ssh_username',
  'ssh_password',
  'ssh_private_key',
  'ssh_passphrase',
  'ssh_host_key',
];

/** Our probe of MongoDB, which takes Streamkap's connection string apart. */
export const mongodbProbe: VendorConnector['probe'] = (fields, defaults) => {
  const connector = findConnector(CONNECTORS, 'mongodb');
  const ofSsh = Object.entries(fields).flatMap(([name, { facts }]) =>
    facts.role !== undefined && SSH_ROLES.includes(facts.role) ? [[facts.role, name] as const] : [],
  );
  const nameOf = (own: Config, target: string) =>
    LISTS[target as keyof typeof LISTS] ??
    ofSsh.find(([role]) => role === target)?.[1] ??
    (own[CONNECTION] === undefined && own[target] !== undefined ? target : CONNECTION);
  return async () => {
    const probe = (await connector.probe()) as Probe<unknown>;
    const planOf: Probe<Config>['plan'] = (given, context, options) => {
      const own: Config = { ...defaults, ...given };
      const address = addressOf(own);
      const ssh = ofSsh.flatMap(([role, name]) => (own[name] === undefined ? [] : [[role, own[name]] as const]));
      const lists = Object.entries(LISTS).flatMap(([target, name]) => {
        const names = LIST.give(own[name]);
        return names === undefined ? [] : [[target, names] as const];
      });
      const config = completeConfig(connector, {
        ...address,
        ...Object.fromEntries([...ssh, ...lists]),
        ...(own['ssh.port'] !== undefined && ssh.length > 0 ? { ssh_port: Number(own['ssh.port']) } : {}),
      });
      const made = probe.plan(config, withSecretsOf(context, address), options);
      const ownFields = (names: readonly string[]) => [...new Set(names.map((name) => nameOf(given, name)))];
      return { ...made, steps: made.steps.map((step) => inOwnWords(step, connector, ownFields)) };
    };
    const plan: Probe<Config>['plan'] = (given, context, options) => {
      try {
        return planOf(given, context, options);
      } catch (error) {
        if (!(error instanceof HeadwaterError) || error.code !== 'INVALID_CONFIG') throw error;
        const { endpoint: _, ...made } = probe.plan(completeConfig(connector, NOWHERE), context, options);
        return { ...made, steps: [unusable(error), ...made.steps] };
      }
    };
    return { plan } as Probe<never>;
  };
};

/** What the steps are that would have been. */
const NOWHERE = { host: 'nowhere.invalid' };

function unusable({ message, details }: HeadwaterError): StepSpec {
  return {
    id: 'address',
    title: 'Connection string',
    gate: true,
    limitMs: 1000,
    timeout: { code: 'CONFIG_UNUSABLE', facts: {} },
    run: () => {
      throw new StepFailure('CONFIG_UNUSABLE', { what: message, fix: details.hint ?? '' }, { fields: [CONNECTION] });
    },
  };
}

/** What the connection string says, its password as a secret. */
function addressOf(own: Config): Config {
  const { [CONNECTION]: text } = composedString(own);
  if (!(text instanceof Secret)) return {};
  const { password, ...rest } = parseConnectionString(text, MONGODB_STRINGS);
  return { ...rest, ...(password === undefined ? {} : { password: new Secret(String(password)) }) };
}

/** The password stands in the string in another spelling than drivers know it by. */
function withSecretsOf(context: ProbeContext, { password, username }: Config): ProbeContext {
  if (!(password instanceof Secret)) return context;
  const inner = createRedactor([password], typeof username === 'string' ? [username] : []);
  const outer = context.redactor;
  return {
    ...context,
    redactor: {
      clean: (text, cap) => outer.clean(inner.clean(text, cap), cap),
      cleanValue: (value) => outer.cleanValue(inner.cleanValue(value)),
    },
  };
}
