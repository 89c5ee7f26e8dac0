import { z } from 'zod';
import type { PlatformSettings } from '../../net/platform-variables.ts';
import { basicLogin } from '../../secrets/composed.ts';
import type { VendorHead } from '../remote/platform.ts';

const NOT_THERE = 'Kafka Connect has no place for them: a connector is its name and its settings.';
const RUNS_ALWAYS = 'A connector runs all the time; there are no single runs.';
const BY_SIGNAL =
  "Debezium takes a snapshot on a signal, a row in its signal table or a message in its signal topic, and Kafka Connect's API can write neither. Where signal.data.collection is set, details of get_source have the INSERT.";

/** Kafka Connect of one's own, with Debezium and others: a cluster of workers by its REST API. */
export function kafkaConnectHead({ url, username, password }: PlatformSettings['kafkaConnect']): VendorHead {
  return {
    code: 'kafka_connect',
    name: 'Kafka Connect',
    summary: 'Your own Kafka Connect workers: Debezium, JDBC and file sources, into topics of your own Kafka.',
    configured: url ? true : 'Set KAFKA_CONNECT_URL to the REST address of a worker.',
    streams: true,
    connectorCount: 8,
    options: () => z.strictObject({}),
    abilities: {
      create: true,
      update: true,
      delete: true,
      pause: true,
      stop: true,
      draft: 'Kafka Connect keeps no drafts; create it Paused or Stopped.',
      test: true,
      remote_test: true,
      discover: true,
      preview: true,
      cdc_check: true,
      tags: NOT_THERE,
      schedule: RUNS_ALWAYS,
      oauth: 'No connector of this platform signs in through a browser.',
    },
    actions: {
      restart: true,
      sync: RUNS_ALWAYS,
      snapshot: BY_SIGNAL,
      cancel: 'There is no run to cancel. desired_state Paused or Stopped holds a connector.',
      verify: 'test_connection has the worker validate the config.',
      reauthenticate: 'Give new credentials with update_source.',
    },
    notes: [
      'The name of a source is the name of its connector: it cannot be changed later, and another connector of that name is never touched.',
      'Secrets are best given as ${worker:provider:path:key}, which the worker reads itself: any other can be read in its REST API and config topic.',
      'Where a config does not say them, Headwater sends topic.prefix, slot.name, publication.name and database.server.id made of the name, and plugin.name pgoutput.',
      'RUNNING is the word of the worker: Debezium goes on trying a login that fails while it runs. test_connection on the source tells.',
    ],
    catalog: async () => (await import('./catalog/index.ts')).CATALOG,
    url: url ?? new URL('http://kafka-connect.invalid'),
    open: async (connect) => {
      const [{ createKafkaConnect }, { checksOf }, { workerOf }] = await Promise.all([
        import('./vendor.ts'),
        import('./checks.ts'),
        import('./worker.ts'),
      ]);
      const login = username === undefined ? {} : { authorization: basicLogin(username, password) };
      const client = connect({ headers: login });
      const ask = workerOf(client);
      return { vendor: createKafkaConnect(client), client, ownChecks: (subject) => checksOf(ask, subject) };
    },
  };
}
