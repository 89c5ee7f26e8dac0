import type { Connector } from '../../../connectors/define-connector.ts';
import { type VendorConnector, vendorConnector } from '../../../connectors/vendor/connector.ts';
import { reached } from '../../../connectors/vendor/probed-as.ts';
import { SSH, tunnelled, withTunnel } from './ssh.ts';
import { RECORDS } from './transforms.ts';

type Config = Readonly<Record<string, unknown>>;

interface Source extends Omit<VendorConnector, 'vendorCode'> {
  /** Streamkap's own code, where it is another. */
  vendorCode?: string;
  /** Reached through an SSH server, where that is wanted. */
  ssh?: boolean;
  /** Kafka Connect runs it, so that its records can be transformed. */
  records?: boolean;
}

/** A connector of Streamkap's: what all have in common is added. */
export function source({ code, vendorCode = code, ssh = false, records = true, ...own }: Source): Connector {
  const fields = { ...own.fields, ...(ssh ? SSH : {}), ...(records ? RECORDS : {}) };
  const compose = ssh ? (config: Config) => withTunnel(own.compose?.(config) ?? config) : own.compose;
  // A probe that goes no further than to reach a server needs no credentials.
  const reach = own.capabilities.includes('discover') ? reached(own.name) : own.probe;
  return vendorConnector({
    ...own,
    code,
    vendorCode,
    fields,
    ...(compose ? { compose } : {}),
    probe: ssh ? tunnelled(own.name, own.probe) : own.probe,
    reach: ssh ? tunnelled(own.name, reach) : reach,
  });
}
