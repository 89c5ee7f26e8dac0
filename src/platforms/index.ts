import type { PlatformSettings } from '../net/platform-variables.ts';
import type { Platform } from '../sources/platform.ts';
import { camelaiHead } from './camelai/index.ts';
import { kaireonHead } from './kaireon/index.ts';
import { createVendorPlatform, type VendorShared } from './remote/platform.ts';

/** Every platform that is somebody else's, configured or not. Nothing of one is loaded before its first use. */
export function createVendorPlatforms(settings: Omit<PlatformSettings, 'tenants'>, shared: VendorShared): Platform[] {
  const heads = [kaireonHead(settings.kaireon), camelaiHead(settings.camelai)];
  return heads.map((head) => createVendorPlatform(head, shared));
}
