import { describe, expect, it } from 'vitest';
import { placeOf } from '../../../../src/platforms/kafka-connect/catalog/jdbc-url.ts';
import { namesIn, patternsOf } from '../../../../src/platforms/kafka-connect/catalog/patterns.ts';
import { nameFault, prefixOf, serverIdOf, slotOf } from '../../../../src/platforms/kafka-connect/name.ts';
import { isSecretName } from '../../../../src/platforms/kafka-connect/secret-names.ts';
import { conditionOf } from '../../../../src/platforms/kafka-connect/status.ts';
import { causeOf } from '../../../../src/platforms/kafka-connect/trace.ts';
import { connectorOf, fromWorker, toWorker } from '../../../../src/platforms/kafka-connect/worker-config.ts';
import { Secret } from '../../../../src/secrets/secret.ts';

describe('lists of patterns', () => {
  it.each([
    [['public.orders'], 'public.orders'],
    [['public.a$b', 'public.c'], 'public.a\\$b,public.c'],
    [['shop.a,b'], 'shop.a\\,b'],
    [['dbo.x(1)'], 'dbo.x\\(1\\)'],
  ])('%j is %s, and back', (names, text) => {
    expect(patternsOf(names)).toBe(text);
    expect(namesIn(text)).toEqual(names);
  });

  it('tells names from patterns', () => {
    expect(namesIn('public.orders,public.log_.*')).toEqual(['public.orders']);
    expect(namesIn('public\\..*')).toBe('');
    expect(namesIn('public\\.orders')).toEqual(['public.orders']);
    expect(patternsOf('public.*')).toBe('public.*');
  });
});

describe('names', () => {
  it.each(['a/b', 'a\\b', 'a%b', 'a;b', 'a?b', 'a#b', '..', '.', '', ' a', 'a ', 'a\nb', 'x'.repeat(201)])(
    '%j cannot be one',
    (name) => {
      expect(nameFault(name)).toBeDefined();
    },
  );

  it.each(['Shop orders', 'größe', '注文', 'a.b', 'a&b=c+d', "O'Brien"])('%j can', (name) => {
    expect(nameFault(name)).toBeUndefined();
    expect(prefixOf(name)).toMatch(/^[A-Za-z0-9._-]{1,100}$/);
    expect(slotOf(name)).toMatch(/^[a-z0-9_]{1,63}$/);
  });

  it('makes what is told apart of what can be told apart', () => {
    expect(prefixOf('Shop orders')).toBe('Shop-orders');
    expect(slotOf('Shop orders')).toBe('headwater_shop_orders');
    expect(prefixOf('注文')).not.toBe(prefixOf('顧客'));
    expect(slotOf(`${'x'.repeat(80)}1`)).not.toBe(slotOf(`${'x'.repeat(80)}2`));
  });

  it('a server id is always the same for the same name and server, and in the range of MySQL', () => {
    const id = serverIdOf('a', 'db1');
    expect(id).toBe(serverIdOf('a', 'db1'));
    expect(id).not.toBe(serverIdOf('a', 'db2'));
    expect(id).toBeGreaterThanOrEqual(10_000);
    expect(id).toBeLessThanOrEqual(4_294_967_295);
  });
});

describe('stack traces', () => {
  it.each([
    [
      'the innermost cause with words of its own',
      'org.apache.kafka.connect.errors.ConnectException: Error configuring an instance of PostgresConnectorTask; check the logs for details\n\tat io.debezium.A.b(A.java:1)\n\t... 3 more\nCaused by: io.debezium.DebeziumException: Could not connect\n\tat io.debezium.C.d(C.java:2)\nCaused by: org.postgresql.util.PSQLException: FATAL: password authentication failed for user "capture"\n\tat org.postgresql.E.f(E.java:3)\n',
      'PSQLException: FATAL: password authentication failed for user "capture"',
    ],
    [
      'an outer one where the innermost says nothing',
      'org.apache.kafka.connect.errors.ConnectException: An exception occurred\n\tat A.b(A.java:1)\nCaused by: io.debezium.DebeziumException: The slot is in use\n\tat A.b(A.java:1)\nCaused by: java.io.EOFException\n\tat A.b(A.java:1)',
      'DebeziumException: The slot is in use',
    ],
    [
      'a message of several lines',
      'com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure\n\nThe last packet was sent 0 ms ago.\n\tat A.b(A.java:1)',
      'CommunicationsException: Communications link failure The last packet was sent 0 ms ago.',
    ],
    [
      'a cause that repeats the class of its own cause',
      'java.lang.RuntimeException: java.net.UnknownHostException: db.example\n\tat A.b(A.java:1)',
      'UnknownHostException: db.example',
    ],
    ['a class alone', 'java.lang.NullPointerException\n\tat A.b(A.java:1)', 'NullPointerException'],
    ['what is no trace', 'just words', 'just words'],
    ['nothing', '', ''],
  ])('%s', (_, trace, cause) => {
    expect(causeOf(trace)).toBe(cause);
  });

  it('stays short, whatever comes', () => {
    expect(causeOf(`a.B: ${'x'.repeat(100_000)}`).length).toBeLessThanOrEqual(400);
    expect(causeOf('Caused by: \n'.repeat(10_000)).length).toBeLessThanOrEqual(400);
  });
});

describe('states', () => {
  const told = (state: string, ...tasks: string[]) =>
    conditionOf({ connector: { state }, tasks: tasks.map((each, id) => ({ id, state: each })) });

  it.each([
    ['RUNNING', ['RUNNING'], 'Active', 'Active'],
    ['RUNNING', ['RUNNING', 'RUNNING'], 'Active', 'Active'],
    ['RUNNING', [], 'Starting', 'Active'],
    ['RUNNING', ['RUNNING', 'UNASSIGNED'], 'Starting', 'Active'],
    ['RUNNING', ['RESTARTING'], 'Starting', 'Active'],
    ['RUNNING', ['PAUSED'], 'Starting', 'Active'],
    ['RUNNING', ['RUNNING', 'FAILED'], 'Broken', 'Active'],
    ['FAILED', [], 'Broken', 'Active'],
    ['PAUSED', ['PAUSED'], 'Paused', 'Paused'],
    ['PAUSED', ['RUNNING'], 'Paused', 'Paused'],
    ['STOPPED', [], 'Stopped', 'Stopped'],
    ['UNASSIGNED', ['UNASSIGNED'], 'Unassigned', 'Active'],
    ['RUNNING', ['UNASSIGNED'], 'Unassigned', 'Active'],
    ['RESTARTING', [], 'Starting', 'Active'],
    ['SOMETHING_NEW', [], 'Unknown', 'Active'],
  ])('%s with tasks %j is %s, wanted %s', (state, tasks, status, desired) => {
    expect(told(state, ...tasks)).toMatchObject({ status, desired });
  });

  it('before there is any, it is starting', () => {
    expect(conditionOf(undefined)).toMatchObject({ status: 'Starting', error: null });
  });
});

describe('settings of a worker', () => {
  const postgresql = connectorOf('io.debezium.connector.postgresql.PostgresConnector');

  it('knows a plugin by the short forms of its class that workers take', () => {
    expect(connectorOf('PostgresConnector')).toBe(postgresql);
    expect(connectorOf('Postgres')).toBe(postgresql);
    expect(connectorOf('com.example.Other')).toBeUndefined();
  });

  it('all of it is sent as text, secrets as they are and those of the worker by its own reference', () => {
    const secret = new Secret('a');
    const sent = toWorker({
      'database.port': 5432,
      'slot.drop.on.stop': false,
      'database.password': secret,
      'database.sslpassword': { scheme: 'worker', target: 'file:/a:b' },
      'driver.trustStorePassword': { scheme: 'platform', target: '' },
      extra: { 'transforms.x.type': 'T', 'producer.override.ssl.key.password': '${worker:file:/a:c}' },
    });
    expect(sent).toEqual({
      'database.port': '5432',
      'slot.drop.on.stop': 'false',
      'database.password': secret,
      'database.sslpassword': '${file:/a:b}',
      'transforms.x.type': 'T',
      'producer.override.ssl.key.password': '${file:/a:c}',
    });
  });

  it('comes back in the types of the catalog, without any secret', () => {
    const read = fromWorker(
      {
        name: 'a',
        'connector.class': 'PostgresConnector',
        'database.port': '5432',
        'slot.drop.on.stop': 'false',
        'snapshot.mode': 'INITIAL',
        'database.password': 'canary-one',
        'database.sslpassword': '${file:/a:b}',
        'producer.override.sasl.jaas.config': 'canary-two',
        'consumer.override.ssl.key.password': '${vault:db:c}',
        'transforms.x.url': 'https://user:canary-three@example.com/',
      },
      postgresql,
    );
    expect(read.config).toEqual({
      'database.port': 5432,
      'slot.drop.on.stop': false,
      'snapshot.mode': 'initial',
      extra: {
        'consumer.override.ssl.key.password': '${worker:vault:db:c}',
        'transforms.x.url': 'https://user:…@example.com/',
      },
    });
    expect(read.secrets).toEqual({ 'database.password': undefined, 'database.sslpassword': 'file:/a:b' });
    expect(read.hidden).toEqual(['producer.override.sasl.jaas.config']);
    expect(read.literals).toEqual(expect.arrayContaining(['canary-one', 'canary-two', 'canary-three']));
    expect(JSON.stringify(read.config)).not.toContain('canary');
  });
});

describe('names that hold secrets', () => {
  it.each([
    'database.password',
    'producer.override.sasl.jaas.config',
    'value.converter.basic.auth.user.info',
    'ssl.keystore.key',
    'aws.secret.access.key',
    'schema.history.internal.producer.ssl.key.password',
    'transforms.x.api.key',
    'auth.token',
  ])('%s', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each([
    'key.converter',
    'transforms.outbox.table.field.event.key',
    'message.key.columns',
    'topic.creation.default.partitions',
    'database.user',
  ])('%s holds none', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe('JDBC URLs', () => {
  it.each([
    ['jdbc:postgresql://db.example.com/shop', { host: 'db.example.com', port: 5432 }],
    ['jdbc:mysql://db:3307/shop?useSSL=true', { host: 'db', port: 3307 }],
    ['jdbc:sqlserver://db;databaseName=shop', { host: 'db', port: 1433 }],
    ['jdbc:oracle:thin:@//db:1522/ORCL', { host: 'db', port: 1522 }],
    ['jdbc:oracle:thin:@db:1521:ORCL', { host: 'db', port: 1521 }],
    ['jdbc:db2://[::1]:50001/x', { host: '::1', port: 50_001 }],
    ['jdbc:sqlite:/var/data/a.db', 'unknown'],
    ['jdbc:h2:mem:a', 'unknown'],
    ['jdbc:postgresql://db:99999/a', 'malformed'],
    ['jdbc:', 'malformed'],
  ])('%s', (url, place) => {
    expect(placeOf(url)).toEqual(place);
  });
});
