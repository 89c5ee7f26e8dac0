import type { Config } from '../connectors/config.ts';
import { HeadwaterError } from '../errors.ts';
import { REFERENCE_FORMS } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import type { Services } from './services.ts';

export { REFERENCE_FORMS };

/**
 * What to say of a config that was given: literal secrets in it, and what its platform has nothing for.
 * @throws HeadwaterError SECRET_IN_ARGUMENT where the operator refuses literals
 */
export function configWarnings(services: Services, config: Config, kept: Config['secrets'] = {}): string[] {
  const { leftOut = [] } = config;
  const said =
    leftOut.length > 0 ? [`The platform has nothing for ${leftOut.join(', ')}: left out, it decides itself.`] : [];
  return [...inlineSecretWarnings(services, config, kept), ...said];
}

/**
 * What to say of literal secrets in arguments: they are in the transcript now. Those in `kept` were there before.
 * @throws HeadwaterError SECRET_IN_ARGUMENT where the operator refuses them
 */
function inlineSecretWarnings({ inlineSecrets }: Services, config: Config, kept: Config['secrets'] = {}): string[] {
  if (inlineSecrets === 'allow') return [];
  const names = Object.keys(config.secrets).filter((path) => {
    const value = config.secrets[path];
    return value instanceof Secret && value !== kept[path];
  });
  if (names.length === 0) return [];
  const listed = names.join(', ');
  if (inlineSecrets === 'refuse') {
    throw new HeadwaterError(
      'SECRET_IN_ARGUMENT',
      `A literal secret was given (${listed}), and this Headwater does not accept any.`,
      {
        fields: names.map((name) => ({ field: `/config/${name}`, message: 'must be a reference' })),
        hint: `Use ${REFERENCE_FORMS}, and advise the person to change the secret: it is in the transcript now.`,
      },
    );
  }
  return [
    `${listed} was given in clear, so it is in the transcript of this conversation now. Headwater keeps it only encrypted. ` +
      `Advise the person to change it at the source, set the new one as ${REFERENCE_FORMS}, and update the source.`,
  ];
}
