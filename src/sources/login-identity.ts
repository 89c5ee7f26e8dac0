import { fieldWithRole } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { AUTH, fieldsByPath, valueAt } from '../connectors/paths.ts';
import type { ResolvedConfig } from '../connectors/resolved-config.ts';
import { HeadwaterError } from '../errors.ts';
import { fingerprintOf } from '../secrets/fingerprint.ts';
import { Secret } from '../secrets/secret.ts';
import { canonicalJson } from './canonical.ts';
import type { Services } from './services.ts';

/**
 * What tells one set of credentials from another: the secrets that are sent, wherever they came from, and whether they go
 * over TLS, since a server that rejects a login without it may take it with. Without the master key all are alike, so
 * that a pause holds for all.
 */
export async function credentialsOf(
  { fingerprint }: Pick<Services, 'fingerprint'>,
  connector: Connector,
  values: ResolvedConfig,
  login: 'endpoint' | 'through',
): Promise<string> {
  const isClear = login === 'endpoint' && values[fieldWithRole(connector, 'tls_mode') ?? ''] === 'disable';
  const sent = [...fieldsByPath(connector)]
    .filter(([, { facts }]) => facts.class === 'secret' && (facts.group === 'ssh') === (login === 'through'))
    .flatMap(([path]) => valueAt(values, path) ?? [])
    .filter((value) => value instanceof Secret);
  const method = valueAt(values, `${AUTH}/method`) ?? null;
  // The same name is another account in another database of users.
  const source = values[fieldWithRole(connector, 'auth_source') ?? ''];
  try {
    return await fingerprintOf(
      sent,
      ['login', canonicalJson([isClear, method, ...(source === undefined ? [] : [source])])],
      fingerprint,
    );
  } catch (error) {
    if (error instanceof HeadwaterError && error.code === 'KEY_UNAVAILABLE') return 'unknown';
    throw error;
  }
}
