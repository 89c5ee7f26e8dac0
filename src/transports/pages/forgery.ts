import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a form may be sent for. */
export type Purpose = 'send' | 'without_test' | 'sign_in';

/**
 * A token that only a page shown to the holder of this cookie can carry. The cookie is 256 random bits that no script
 * and no other site can read, so it is the key; nothing has to be remembered, and a restart forgets nothing.
 */
export function formToken(cookie: string, purpose: Purpose): string {
  return createHmac('sha256', cookie).update(`headwater credential page: ${purpose}`).digest('base64url');
}

export function isFormToken(given: string | null, cookie: string, purpose: Purpose): boolean {
  const expected = Buffer.from(formToken(cookie, purpose));
  const token = Buffer.from(given ?? '');
  return token.byteLength === expected.byteLength && timingSafeEqual(token, expected);
}
