import type { PlatformSettings } from '../net/platform-variables.ts';
import type { Platform } from '../sources/platform.ts';
import type { VendorShared } from './remote/platform.ts';
import { createStreamkap } from './streamkap/index.ts';

/** Every platform that is somebody else's, configured or not. Nothing of one is loaded before its first use. */
export function createVendorPlatforms(settings: Omit<PlatformSettings, 'tenants'>, shared: VendorShared): Platform[] {
  return [createStreamkap(settings.streamkap, shared)];
}
