const REMEMBERED_NONCES = 10_000;

/** Tells the first use of a nonce from the others; the oldest are forgotten, long after their state has expired. */
export function spendOnce(): (nonce: string) => boolean {
  const spent = new Set<string>();
  return (nonce) => {
    if (spent.has(nonce)) return false;
    spent.add(nonce);
    const [oldest] = spent;
    if (spent.size > REMEMBERED_NONCES && oldest !== undefined) spent.delete(oldest);
    return true;
  };
}
