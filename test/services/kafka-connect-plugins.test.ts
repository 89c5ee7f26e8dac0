import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOG } from '../../src/platforms/kafka-connect/catalog/index.ts';
import { FACTS_FILE, factsIn, kafkaConnectFacts, type PluginFacts } from '../support/kafka/facts.ts';
import { findKafka } from '../support/kafka/install.ts';
import { startKafkaConnect, type TestKafkaConnect } from '../support/kafka.ts';
import { ALL_SERVICES } from '../support/services.ts';

/** Confluent's plugin is not to be had from Maven Central. */
const CLASSES = CATALOG.flatMap(({ code, vendorCode = '' }) => (code === 'jdbc' ? [] : [vendorCode]));

describe.skipIf(findKafka() === undefined && !ALL_SERVICES)(
  'what the plugins say of their settings (left out where Kafka Connect is not installed: npm run test:services)',
  // Three servers start, and two of them are Java.
  { timeout: 90_000 },
  () => {
    let worker: TestKafkaConnect;
    const described: Record<string, PluginFacts> = {};

    beforeAll(async () => {
      worker = await startKafkaConnect();
      const { body } = await worker.rest('/connector-plugins');
      const versions = new Map(
        (body as { class: string; version: string }[]).map((each) => [each.class, each.version]),
      );
      for (const name of CLASSES) {
        const path = `/connector-plugins/${name}/config/validate`;
        const answer = await worker.rest(path, 'PUT', { name: 'facts', 'connector.class': name });
        described[name] = factsIn(versions.get(name) ?? '', answer.body as Parameters<typeof factsIn>[1]);
      }
      // After a change of version: the catalog is then held against the new ones.
      if (process.env['HEADWATER_UPDATE_FACTS']) writeFileSync(FACTS_FILE, `${JSON.stringify(described, null, 2)}\n`);
    }, 120_000);
    afterAll(() => worker?.stop());

    it.each(CLASSES)('%s is as the catalog is tested against', (name) => {
      expect(described[name]).toEqual(kafkaConnectFacts()[name]);
    });
  },
);
