import { expect, it } from 'vitest';
import { pageUrl } from '../../../src/transports/http/pages.ts';

it.each([
  ['http://127.0.0.1:3333', [], 'http://127.0.0.1:3333/credentials/n'],
  ['http://[::1]:3333', ['x.example.com'], 'http://[::1]:3333/credentials/n'],
  ['http://0.0.0.0:3333', [], 'http://localhost:3333/credentials/n'],
  ['http://0.0.0.0:3333', ['hw.example.com'], 'http://hw.example.com:3333/credentials/n'],
  ['http://[::]:3333', ['[::1]'], 'http://[::1]:3333/credentials/n'],
  ['https://hw.example.com', ['other.example.com'], 'https://hw.example.com/credentials/n'],
  ['https://example.com/hw/', [], 'https://example.com/hw/credentials/n'],
])('the page of a server at %s, called %j, is at %s', (base, names, url) => {
  expect(pageUrl('n', new URL(base), names)).toBe(url);
});
