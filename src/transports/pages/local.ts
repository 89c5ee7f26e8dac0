import type { App } from '../../app.ts';
import { HeadwaterError } from '../../errors.ts';
import { createCredentialPages } from './handler.ts';
import { handoverOf } from './handover.ts';
import { listenForPages, type PageListener } from './loopback.ts';

/** Pages for whoever sits at this machine. @throws HeadwaterError UNSUPPORTED where nothing can be listened on */
export async function serveLocalPages({ services, settings, log }: App): Promise<PageListener> {
  const pages = createCredentialPages({
    handover: handoverOf(services),
    now: services.now,
    onFault: (error) => log.error({ kind: error instanceof Error ? error.name : typeof error }, 'fault on a page'),
  });
  try {
    return await listenForPages(pages, settings.pagePort);
  } catch {
    throw new HeadwaterError('UNSUPPORTED', 'No page for credentials can be served here: no port can be listened on.', {
      hint: 'Use references, or `headwater secret set NAME`.',
    });
  }
}
