import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { format, inspect } from 'node:util';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { packSecrets, Secret, unpackSecrets } from '../../../src/secrets/secret.ts';

const CANARY = 'CANARY-p4ss-9f27';
const secret = new Secret(CANARY);
const holder = { name: 'shop', config: { password: secret, list: [secret] } };

describe('a secret prints as [secret]', () => {
  test.each<[string, () => string]>([
    ['String()', () => String(secret)],
    ['a template', () => `${secret}`],
    ['concatenation', () => `password: ${secret}`.concat(secret.toString())],
    ['join', () => [secret, secret].join()],
    ['JSON', () => JSON.stringify(holder)],
    ['inspect', () => inspect(holder, { depth: 9, showHidden: true, getters: true })],
    ['inspect without its own way', () => inspect(secret, { customInspect: false, showHidden: true })],
    ['format %s', () => format('%s', secret)],
    ['format %o', () => format('%o %O %j', holder, holder, holder)],
    ['an error that carries it', () => inspect(Object.assign(new Error('x', { cause: secret }), { secret }))],
    ['its keys and values', () => JSON.stringify([Object.keys(secret), Object.values(secret), { ...secret }])],
    ['a map', () => inspect(new Map([['password', secret]]))],
  ])('%s', (_, print) => {
    expect(print()).not.toContain(CANARY);
  });

  test('adding it to a text adds [secret]', () => {
    const sum = (a: unknown, b: unknown) => `${a as string}${b as string}`;
    expect(sum('pw=', secret)).toBe('pw=[secret]');
    expect(String(secret)).toBe('[secret]');
    expect(JSON.parse(JSON.stringify(holder))).toEqual({
      name: 'shop',
      config: { password: '[secret]', list: ['[secret]'] },
    });
    expect(Number(secret)).toBeNaN();
  });

  test('console', () => {
    const stream = new PassThrough().setEncoding('utf8');
    const real = new Console(stream, stream);
    real.log(secret, holder, '%s', secret);
    real.error(holder);
    real.dir(holder, { depth: 9 });
    real.table([holder.config]);
    const written: unknown = stream.read();
    expect(written).toContain('[secret]');
    expect(written).not.toContain(CANARY);
  });

  test('the log', () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    log.error({ err: Object.assign(new Error('failed'), { secret }), holder, secret }, 'with %s', secret);
    expect(lines.join('')).toContain('[secret]');
    expect(lines.join('')).not.toContain(CANARY);
  });

  test('a copy across a thread is empty', () => {
    expect(inspect(structuredClone({ secret }), { showHidden: true, depth: 9 })).not.toContain(CANARY);
  });
});

test('it reveals what it was given, and nothing else does', () => {
  expect(secret.reveal()).toBe(CANARY);
  expect(Object.getOwnPropertyNames(secret)).toEqual([]);
  expect(Object.getOwnPropertySymbols(secret)).toEqual([]);
});

test('several secrets go into one text for the vault and come out again', () => {
  const packed = packSecrets({ password: secret, other: new Secret('a "quoted" \\ \n \u2028 🚀') });
  const unpacked = unpackSecrets(packed);
  expect(Object.keys(unpacked)).toEqual(['password', 'other']);
  expect(unpacked['password']?.reveal()).toBe(CANARY);
  expect(unpacked['other']?.reveal()).toBe('a "quoted" \\ \n \u2028 🚀');
});
