import { urlFault } from '../../net/http-url.ts';
import { StepFailure } from '../problems/index.ts';

export const MOST_REDIRECTS = 3;

/**
 * Where a redirect leads, by its text alone; the host is for the egress to judge.
 * @throws StepFailure REDIRECT_REFUSED for anything but a plain http or https address, and for the way from https to http
 */
export function redirectTarget(from: URL, location: string | undefined): URL {
  if (location === undefined || location === '') throw refused('it does not say where to');
  if (/[\p{Cc}\s]/u.test(location) || location.length > 8192 || !URL.canParse(location, from.href))
    throw refused('where to is no address');
  const to = new URL(location, from);
  const fault = urlFault(to.href);
  if (fault === 'not_http') throw refused('it leads to something that is not http or https');
  if (fault === 'credentials') throw refused('its address holds credentials');
  if (fault === 'port') throw refused('it leads to a port that is no HTTP port');
  if (from.protocol === 'https:' && to.protocol === 'http:') throw refused('it leads from https to http');
  return to;
}

export function refused(what: string): StepFailure {
  return new StepFailure('REDIRECT_REFUSED', { what });
}
