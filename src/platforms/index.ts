import type { PlatformSettings } from '../net/platform-variables.ts';
import type { Platform } from '../sources/platform.ts';
import { airweaveHead } from './airweave/index.ts';
import { camelaiHead } from './camelai/index.ts';
import { kafkaConnectHead } from './kafka-connect/index.ts';
import { kaireonHead } from './kaireon/index.ts';
import { createVendorPlatform, type VendorShared } from './remote/platform.ts';
import { streamkapHead } from './streamkap/index.ts';

/** Every platform that is somebody else's, configured or not. Nothing of one is loaded before its first use. */
export function createVendorPlatforms(accounts: Omit<PlatformSettings, 'tenants'>, shared: VendorShared): Platform[] {
  const heads = [
    streamkapHead(accounts.streamkap),
    kaireonHead(accounts.kaireon),
    airweaveHead(accounts.airweave),
    camelaiHead(accounts.camelai),
    kafkaConnectHead(accounts.kafkaConnect),
  ];
  return heads.map((head) => createVendorPlatform(head, shared));
}
