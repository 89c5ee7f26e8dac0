import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadwaterError } from '../../../src/errors.ts';
import { resealing } from '../../../src/platforms/resealing.ts';
import { createHomeKeys } from '../../../src/secrets/home-keys.ts';
import { rotateKey } from '../../../src/secrets/key-rotation.ts';
import { createMasterKey } from '../../../src/secrets/master-key.ts';
import { createVault } from '../../../src/secrets/vault.ts';
import { admissionOn, tryAdmit } from './admission.ts';
import { auditEntry, openStore, type Store } from './audited.ts';
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
    for (let n = 0; n < Number(count); n += 1) await store.audit.append([auditEntry({ subject, codes: [String(n)] })]);
    await store.close();
  },

  /** Seals, which makes the zero-config key where there is none, and says which key it has. */
  async seal(home, [plaintext = '']) {
    const store = storeIn(home);
    const loadKey = createMasterKey({ home });
    const vault = createVault({ loadKey, keys: store.keys });
    const context = { tenant: 'acme', sourceId: 'src_1', credentialVersion: 1 };
    const sealed = await vault.seal(plaintext, context);
    say(`${(await loadKey({ create: false })).id} ${sealed}`);
    await store.close();
  },

  /** Asks so many times to connect, to a host or to nothing but files, and counts the answers. */
  async admit(home, [times = '1', host]) {
    const store = storeIn(home);
    const admission = admissionOn(store, () => new Date());
    const endpoint = host === undefined ? undefined : { host, port: 5432 };
    const answers: Record<string, number> = {};
    for (let n = 0; n < Number(times); n += 1) {
      const { code, ...more } = await tryAdmit(admission, { endpoint });
      if (code === 'STORE_UNAVAILABLE') throw new HeadwaterError(code, JSON.stringify(more));
      answers[code] = (answers[code] ?? 0) + 1;
    }
    say(JSON.stringify(answers));
    await store.close();
  },

  /** Stores sources with sealed credentials, as a server does. */
  async 'seal-many'(home, [prefix = 'w', count = '1', value]) {
    const store = storeIn(home);
    const seal = sealer(store, home, value);
    for (let n = 0; n < Number(count); n += 1) await seal(`src_${prefix}_${n}`);
    await store.close();
  },

  /** The same for ever. */
  async 'seal-on'(home, [prefix = 'w']) {
    const seal = sealer(storeIn(home), home, undefined);
    for (let n = 0; ; n += 1) {
      await seal(`src_${prefix}_${n}`);
      await sleep(20);
    }
  },

  /** Rotates the master key: the one in the folder, or to VALUE from OLD. */
  async rotate(home, [value, old]) {
    const store = storeIn(home);
    const { where, loadKey, homeKeys } = keysIn(home, value);
    // From the lock on, so that every kill hits a rotation.
    const exclusively: typeof store.keys.exclusively = (work) =>
      store.keys.exclusively(async () => {
        say('begun');
        return await work();
      });
    const rotation = await rotateKey(
      { where, loadKey, homeKeys, store: { ...store.keys, exclusively }, random: randomBytes },
      old,
    );
    say(rotation?.finished ? 'finished' : `failed ${JSON.stringify(rotation)}`);
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

function keysIn(home: string, value: string | undefined) {
  const where = { home, value };
  return { where, loadKey: createMasterKey(where), homeKeys: createHomeKeys(home) };
}

function sealer(store: Store, home: string, value: string | undefined) {
  const { loadKey, homeKeys } = keysIn(home, value);
  const vault = createVault({ loadKey, ...(value ? {} : { loadPrevious: homeKeys.previous }), keys: store.keys });
  return async (id: string) => {
    const { result } = await resealing(vault, async () => {
      const place = { tenant: 'acme', sourceId: id, credentialVersion: 1 };
      const one = record({ id, name: id, sealed: await vault.seal(`secret of ${id}`, place) });
      const result = await store.sources.insert(one);
      return { result, retired: result.outcome === 'key_retired' };
    });
    if (result.outcome !== 'inserted') throw new Error(result.outcome);
    say(`ACK ${id}`);
  };
}

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
