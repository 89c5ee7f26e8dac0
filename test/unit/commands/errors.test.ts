import { describe, expect, it } from 'vitest';
import { nodeVersion } from '../../../src/commands/doctor-checks.ts';
import { errorLines, exitCodeOf, shown } from '../../../src/commands/errors.ts';
import { HeadwaterError } from '../../../src/errors.ts';
import { SettingsError } from '../../../src/settings.ts';
import { fakeTerminal } from './fake-terminal.ts';

const linesOf = (error: unknown) => errorLines(fakeTerminal().out, shown(error));

describe('errors', () => {
  it('speak to the person who reads them', () => {
    const error = new HeadwaterError('KEY_UNAVAILABLE', 'The key\u001b[2J is missing.', {
      hint: 'A person must restore it. get_connector_schema shows more of tls_mode.',
    });
    expect(linesOf(error)).toEqual([
      'headwater: The key[2J is missing.',
      '  You must restore it. `headwater schema` shows more of tls_mode.',
    ]);
  });

  it('name the fields of a config as the file names them', () => {
    const fields = [
      { field: '/config/auth/client~1id', message: 'is required' },
      { field: '/connector', message: 'is not said again' },
    ];
    expect(linesOf(new HeadwaterError('INVALID_CONFIG', 'It does not fit.', { fields }))).toEqual([
      'headwater: It does not fit.',
      '  auth.client/id  is required',
    ]);
  });

  it('show of a fault its kind and place, never its text', () => {
    const fault = new TypeError('hunter2 is not a function');
    const text = JSON.stringify([linesOf(fault), shown(fault)]);
    expect(text).not.toContain('hunter2');
    expect(text).toMatch(/TypeError at .*errors\.test\.ts/);
  });

  it.each([
    [new HeadwaterError('INVALID_ARGUMENTS', ''), 2],
    [new HeadwaterError('INVALID_CURSOR', ''), 2],
    [new SettingsError(''), 2],
    [new HeadwaterError('INVALID_CONFIG', ''), 1],
    [new HeadwaterError('STORE_UNAVAILABLE', ''), 1],
    [new HeadwaterError('CANCELLED', ''), 1],
    [new TypeError(''), 1],
  ])('%o exits with %i', (error, code) => expect(exitCodeOf(shown(error))).toBe(code));
});

it.each([
  ['20.18.3', 'fail'],
  ['18.20.0', 'fail'],
  ['20.19.0', 'ok'],
  ['22.0.0', 'ok'],
  ['26.1.0', 'ok'],
])('Node %s: %s', (version, status) => expect(nodeVersion(version).status).toBe(status));
