import type { PlatformSettings } from '../net/platform-variables.ts';
import type { Platform } from '../sources/platform.ts';
import { createKafkaConnectPlatform } from './kafka-connect/index.ts';
import type { VendorShared } from './remote/platform.ts';

/** Every platform that is somebody else's, configured or not. Nothing of one is loaded before its first use. */
export function createVendorPlatforms(
  { kafkaConnect }: Omit<PlatformSettings, 'tenants'>,
  shared: VendorShared,
): Platform[] {
  return [createKafkaConnectPlatform(kafkaConnect, shared)];
}
