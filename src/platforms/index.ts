import type { PlatformSettings } from '../net/platform-variables.ts';
import type { Platform } from '../sources/platform.ts';
import type { VendorShared } from './remote/platform.ts';

/** Every platform that is somebody else's, configured or not. Nothing of one is loaded before its first use. */
export function createVendorPlatforms(_: Omit<PlatformSettings, 'tenants'>, __: VendorShared): Platform[] {
  return [];
}
