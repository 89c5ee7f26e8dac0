import type { Status, Todo } from '../../sources/source.ts';
import type { Connection } from './connection.ts';

const AGAIN = 'run_source with action reauthenticate gives a fresh link.';

/** What a person must do: sign in through a link that works once, or mend an account at a provider. */
export function todoOf({ auth, provider_settings_url: settings }: Connection, status: Status): Todo[] {
  const link = webAddress(auth?.auth_url);
  if (link) {
    const expires = Date.parse(auth?.auth_url_expires ?? '');
    return [
      {
        kind: 'open_url',
        text: `Sign in through this link. It works once and only for minutes. Then run_source with action verify begins the first sync. If it has expired: ${AGAIN}`,
        url: link,
        ...(Number.isNaN(expires) ? {} : { expires_at: new Date(expires).toISOString() }),
      },
    ];
  }
  if (status === 'Pending' && auth?.authenticated !== true) {
    return [{ kind: 'open_url', text: `Somebody must sign in; the link was used or has expired. ${AGAIN}` }];
  }
  if (status !== 'NeedsAuth') return [];
  const mend = webAddress(settings);
  if (mend) return [{ kind: 'open_url', text: 'Mend or renew the account at the auth provider.', url: mend }];
  const isBrowser = auth?.method !== 'direct' && auth?.method !== 'auth_provider';
  return isBrowser ? [{ kind: 'open_url', text: `Somebody must sign in again: ${AGAIN}` }] : [];
}

/** Nobody is sent to anything else. */
function webAddress(url: string | null | undefined): string | undefined {
  if (!url || url.length > 2048 || !/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url)) return undefined;
  return new URL(url).href;
}
