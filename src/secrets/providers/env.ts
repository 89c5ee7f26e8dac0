import { HeadwaterError } from '../../errors.ts';
import { Secret } from '../secret.ts';
import { denied, type ReadSecret, type SchemeFacts } from './provider.ts';

export const ENV: SchemeFacts = {
  form: '${env:NAME}',
  reads: "A variable of Headwater's environment",
  opened: 'names that begin with `HEADWATER_ENV_PREFIX`',
  isTarget: (target) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(target),
};

export interface EnvPolicy {
  envPrefix: string;
  environment: Readonly<Record<string, string | undefined>>;
}

export function envReader({ envPrefix, environment }: EnvPolicy): ReadSecret {
  return async (name) => {
    if (!name.startsWith(envPrefix)) {
      throw denied(
        `\${env:${name}}`,
        `Only names that start with ${envPrefix} may be read. An operator can set ${envPrefix}… or change HEADWATER_ENV_PREFIX.`,
      );
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (!value) {
      throw new HeadwaterError('REFERENCE_BROKEN', `\${env:${name}} is not set in Headwater's environment.`, {
        hint: `A person must set ${name} where Headwater is started (for an MCP client: the server's "env"), then restart it.`,
      });
    }
    return new Secret(value);
  };
}
