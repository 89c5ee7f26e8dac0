import { PlannedSecret, Secret } from './secret.ts';

/**
 * One secret of several texts and secrets, in their order: a connection string of its parts. `inUrl`: what is put
 * through `encodeURIComponent` first.
 */
export function composed(...parts: readonly (string | Secret | { inUrl: string | Secret })[]): Secret {
  if (parts.some((part) => (isEncoded(part) ? part.inUrl : part) instanceof PlannedSecret)) {
    return new PlannedSecret('[secret]');
  }
  return new Secret(
    parts.map((part) => (isEncoded(part) ? encodeURIComponent(open(part.inUrl)) : open(part))).join(''),
  );
}

/** A user and a password as HTTP's basic authentication has them. */
export function basicLogin(user: string, password?: Secret): Secret {
  return new Secret(`Basic ${Buffer.from(`${user}:${password?.reveal() ?? ''}`).toString('base64')}`);
}

function isEncoded(part: string | Secret | { inUrl: string | Secret }): part is { inUrl: string | Secret } {
  return typeof part === 'object' && !(part instanceof Secret);
}

function open(part: string | Secret): string {
  return part instanceof Secret ? part.reveal() : part;
}
