import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { HeadwaterError } from '../../../src/errors.ts';
import { createMasterKey } from '../../../src/secrets/master-key.ts';
import { createVault } from '../../../src/secrets/vault.ts';
import { auditEntry, openStore } from './audited.ts';
import { record } from './records.ts';

/** What another process does, for tests: COMMAND FOLDER [ARGUMENT…]. Says `ready`, waits for a line, begins. */
const COMMANDS: Readonly<Record<string, (home: string, args: string[]) => Promise<void>>> = {
  /** Inserts one source. */
  async insert(home, [id = 'src_0', name = 'Shop']) {
    const store = storeIn(home);
    const { outcome } = await store.sources.insert(record({ id, name }));
    say(outcome);
    await store.close();
  },

  /** Inserts sources for ever, and acknowledges each only when it is durable. */
  async pour(home, [prefix = 'w']) {
    const store = storeIn(home);
    for (let n = 0; ; n += 1) {
      const id = `src_${prefix}_${String(n).padStart(8, '0')}`;
      const idempotency = { subject: 'test', tool: 'create_source', key: id, digest: id };
      const { outcome } = await store.sources.insert(record({ id, name: id, tags: [prefix] }), idempotency);
      if (outcome !== 'inserted') throw new Error(`${id}: ${outcome}`);
      say(`ACK ${id}`);
    }
  },

  /** Appends to the audit trail, as many times as it is told. */
  async audit(home, [subject = '', count = '1']) {
    const store = storeIn(home);
    for (let n = 0; n < Number(count); n += 1) await store.audit.append(auditEntry({ subject, codes: [String(n)] }));
    await store.close();
  },

  /** Seals, which makes the zero-config key where there is none, and says which key it has. */
  async seal(home, [plaintext = '']) {
    const store = storeIn(home);
    const loadKey = createMasterKey({ home });
    const vault = createVault({ loadKey, keyChecks: store.keyChecks });
    const context = { tenant: 'acme', sourceId: 'src_1', credentialVersion: 1 };
    const sealed = await vault.seal(plaintext, context);
    say(`${(await loadKey({ create: false })).id} ${sealed}`);
    await store.close();
  },

  /** Listens, which must not keep it alive. */
  async listen(home) {
    const store = storeIn(home);
    store.sources.onChange(({ id }) => say(`changed ${id}`));
    await store.check();
    say('listening');
  },
};

function storeIn(home: string) {
  return openStore({ file: `${home}/headwater.db`, now: () => new Date() });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const [command = '', home = '', ...args] = process.argv.slice(2);
const input = createInterface(process.stdin);
say('ready');
await once(input, 'line');
input.close();
process.stdin.destroy();
try {
  await COMMANDS[command]?.(home, args);
} catch (error) {
  const told = error instanceof HeadwaterError ? JSON.stringify(error) : String(error);
  say(`failed ${told}`);
  process.exitCode = 1;
}
