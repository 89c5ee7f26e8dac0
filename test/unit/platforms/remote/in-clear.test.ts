import { describe, expect, it } from 'vitest';
import { masked, maskedText, secretsIn, secretsInText } from '../../../../src/platforms/remote/in-clear.ts';

describe('secrets in plain settings', () => {
  it.each([
    ['https://u:hunter2@h/x', 'https://u:…@h/x', ['hunter2']],
    ['https://u:hun@ter2@h/x', 'https://u:…@h/x', ['hun@ter2']],
    ['https://u:hunter%402@h/x', 'https://u:…@h/x', ['hunter%402', 'hunter@2']],
    [
      'jdbc:postgresql://h/d?user=u&sslpassword=hunter2&a=b',
      'jdbc:postgresql://h/d?user=u&sslpassword=…&a=b',
      ['hunter2'],
    ],
    [
      'jdbc:sqlserver://h:1433;password={hun;ter2};trustStorePassword=hunter3',
      'jdbc:sqlserver://h:1433;password=…;trustStorePassword=…',
      ['{hun;ter2}', 'hun;ter2', 'hunter3'],
    ],
    ['jdbc:oracle:thin:scott/tiger@//h:1521/x', 'jdbc:oracle:thin:scott/…@//h:1521/x', ['tiger']],
    ['Authorization: Bearer hunter2hunter2', 'Authorization: …', undefined],
    ['https://hooks.slack.com/services/T0/B0/hunter2', 'https://hooks.slack.com/services/…', ['T0/B0/hunter2']],
  ])('are found in %s', (text, shown, secrets) => {
    expect(maskedText(text).replace(/… …|Bearer …/, '…')).toBe(shown);
    if (secrets) expect(secretsInText(text)).toEqual(secrets);
    expect(maskedText(text)).not.toContain('hunter');
  });

  it.each([
    'https://h:8443/x?page=1&page_token=abc',
    'jdbc:oracle:thin:@//h.example.com:1521/ORCL',
    'broker-1:9092,broker-2:9092',
    'mongodb://h.example.com:27017/?replicaSet=rs0&authSource=admin',
    'Basic authentication failed',
    'public.orders,public.customers',
  ])('are none in %s', (text) => {
    expect(maskedText(text)).toBe(text);
    expect(secretsInText(text)).toEqual([]);
  });

  it('are told by names, however deep', () => {
    const value = { a: [{ apiToken: 'one', n: 5 }], url: 'https://u:two@h', page: 'three' };
    expect(masked('', value)).toEqual({ a: [{ apiToken: '[secret]', n: 5 }], url: 'https://u:…@h', page: 'three' });
    expect(secretsIn('', value).map((secret) => secret.reveal())).toEqual(['one', 'two']);
  });
});
