/** Every way a secret could be written down; `companion`: what goes before it in HTTP basic authentication. */
export function secretForms(secret: string, companion?: string): string[] {
  const bytes = Buffer.from(secret);
  const pair = companion === undefined ? [] : [Buffer.from(`${companion}:${secret}`)];
  return [
    ...new Set([
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      bytes.toString('hex'),
      bytes.toString('base64url'),
      ...[bytes, ...pair].map((each) => each.toString('base64').replace(/=+$/, '')),
    ]),
  ];
}
