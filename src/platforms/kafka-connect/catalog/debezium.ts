import type { Connector } from '../../../connectors/define-connector.ts';
import { type VendorConnector, vendorConnector } from '../../../connectors/vendor/connector.ts';
import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { extraFaults } from './extra.ts';
import { extra, flow, ONE_TASK, signals, topicPrefix, worker } from './shared.ts';

/** A connector of any plugin: `extra` added, and its rules. */
export function workerConnector({ fields, rules, ...rest }: VendorConnector): Connector {
  const all: VendorFields = { ...fields, ...extra };
  const known = Object.keys(all);
  return vendorConnector({
    ...rest,
    fields: all,
    rules: (config) => [...extraFaults(config, known), ...(rules?.(config) ?? [])],
  });
}

/** One of Debezium's, with what they all have. `first`: fields that come before those. */
export function debezium({ first, fields, ...rest }: VendorConnector & { first: VendorFields }): Connector {
  return workerConnector({
    ...rest,
    fields: { ...first, ...topicPrefix, ...fields, ...signals, ...flow, ...worker(ONE_TASK) },
  });
}
