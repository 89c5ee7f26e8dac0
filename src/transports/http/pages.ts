import type { App } from '../../app.ts';
import type { CredentialPages } from '../pages/handler.ts';
import type { Authenticator } from './authenticator.ts';
import { type Exchange, pathOf } from './exchange.ts';

const PAGE_PATH = '/credentials/';
const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);

/** The route of credential pages, which are loaded with the first that somebody opens. */
export function pagesRoute(app: App, authenticator: Authenticator, publicUrl: URL | undefined) {
  let pages: Promise<CredentialPages> | undefined;
  const load = async () => {
    const [{ createCredentialPages }, { handoverOf }] = await Promise.all([
      import('../pages/handler.ts'),
      import('../pages/handover.ts'),
    ]);
    return createCredentialPages({
      handover: handoverOf(app.services),
      authenticator,
      publicUrl,
      now: app.services.now,
      onFault: (error) =>
        app.log.error({ kind: error instanceof Error ? error.name : typeof error }, 'fault on a page'),
    });
  };
  return async ({ request, response }: Exchange) => {
    pages ??= load();
    await (await pages)(request, response, pathOf(request).slice(PAGE_PATH.length));
  };
}

/** Where people find the page of a link. A server that listens everywhere is called by the name that it may be called by. */
export function pageUrl(nonce: string, base: URL, names: readonly string[]): string {
  const url = new URL(base);
  if (EVERYWHERE.has(url.hostname)) url.hostname = names[0] ?? 'localhost';
  url.pathname = `${url.pathname.replace(/\/$/, '')}${PAGE_PATH}${nonce}`;
  return url.href;
}
