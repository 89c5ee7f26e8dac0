/**
 * The service tests, with nothing skipped: installs from Debian what is missing (as root), builds what Debian has not, then runs test/services.
 * Each test file starts private instances on free ports as an ordinary user.
 */
import { spawnSync } from 'node:child_process';
import { SERVICES } from '../test/support/services.ts';

const absent = SERVICES.filter(({ find }) => find() === undefined);
const missing = absent.filter(({ make }) => make?.from() === undefined).map(({ debianPackage }) => debianPackage);
if (missing.length > 0) {
  const root = process.getuid?.() === 0;
  const apt = (...args: string[]) => run(root ? 'apt-get' : 'sudo', root ? args : ['-n', 'apt-get', ...args]);
  console.log(`installing ${missing.join(', ')}`);
  // Debian starts a server of its own with the package; none is wanted here.
  process.env['RUNLEVEL'] = '1';
  process.env['DEBIAN_FRONTEND'] = 'noninteractive';
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', ...missing);
}
for (const { name, make } of absent) {
  const from = make?.from();
  if (!make || from === undefined) continue;
  console.log(`building ${name}, once for this user`);
  make.build(from);
}
run('npx', ['vitest', 'run', 'test/services'], { HEADWATER_TEST_SERVICES: 'all' });

function run(command: string, args: readonly string[], environment: Record<string, string> = {}): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
  if (status !== 0) process.exit(status ?? 1);
}
