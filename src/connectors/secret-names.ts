/** Names under which APIs take keys, tokens, passwords and signatures, as snake_case without a leading x. */
const SECRET = new RegExp(
  [
    '(^|_)(password|passwd|passphrase|pwd|secret|signature|sig|credentials?|jwt|bearer)$',
    '(^|_)(api|auth|access|secret|private|subscription|functions?|app|application|account|admin|client|master|service|consumer)_?key$',
    '(^|_)((access|api|auth|bearer|id|personal|private|refresh|security|session|user)_?)?token$',
    '^(auth|authentication|authorization)$',
  ].join('|'),
);
/** Places in a list, and protection against forgery. */
const NO_SECRET = /(page|next|prev|previous|start|skip|sync|cursor|resume|continuation|csrf|xsrf)_token$/;
const LIKE_A_KEY = /^(?=.*\d)(?=.*[A-Za-z])[\w-]{16,}$/;

/** Whether a header or a parameter of this name carries a secret. `value`: some names are only told by what they carry. */
export function namesSecret(name: string, value = ''): boolean {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^x_/, '');
  if (plain === 'key') return LIKE_A_KEY.test(value);
  return SECRET.test(plain) && !NO_SECRET.test(plain);
}

/** The first parameter of a query that carries a secret. */
export function secretParameter(query: string): string | undefined {
  return [...new URLSearchParams(query)].find(([name, value]) => namesSecret(name, value))?.[0];
}
