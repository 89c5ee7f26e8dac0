import { describe, expect, test } from 'vitest';
import { oracle } from '../../../../src/connectors/databases/oracle.ts';
import { loadDriver } from '../../../../src/probes/oracle/driver.ts';
import { createAuthority, selfSigned } from '../../../support/certificates.ts';
import { SSH_USER, startSshServer } from '../../../support/ssh-server.ts';
import { startTnsListener } from '../../../support/tns-listener.ts';
import { createLab, expectClosed, stepOf } from '../lab.ts';
import { READER } from './rows.ts';

/** Oracle's own driver takes the tests' listener for one: what the probe is tested against is TNS. */

const connecting = async (port: number, named = '(SERVICE_NAME=SHOP)') =>
  (await loadDriver())?.getConnection({
    user: 'reader',
    password: 'p4ssw0rd',
    connectString: `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT=${port}))(CONNECT_DATA=${named}))`,
    connectTimeout: 2,
  });

describe('the driver understands the listener', () => {
  test.each([
    [12514, '(SERVICE_NAME=SHOP)', false, /NJS-518.*"SHOP"/],
    [12505, '(SID=SHOP)', false, /NJS-519.*"SHOP"/],
    [12516, '(SERVICE_NAME=SHOP)', true, /ORA-12516/],
  ])('%i is a refusal', async (refuse, named, apart, says) => {
    const listener = await startTnsListener(() => ({ refuse, apart }));
    await expect(connecting(listener.port, named)).rejects.toThrow(says);
    expect(listener.asked[0]).toContain(named);
    await listener.stop();
  });

  test('it asks again, and goes where it is sent', async () => {
    const there = await startTnsListener(() => ({ refuse: 12514 }));
    const here = await startTnsListener((_, count) =>
      count === 1 ? 'resend' : { redirect: there, connectData: '(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=SHOP)))' },
    );
    await expect(connecting(here.port)).rejects.toThrow(/NJS-518/);
    expect(here.asked).toHaveLength(2);
    expect(there.asked).toEqual(['(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=SHOP)))']);
    await Promise.all([here.stop(), there.stop()]);
  });
});

describe('the probe has the driver log in', () => {
  const through = async (start: Parameters<typeof startTnsListener>[1], config: Record<string, unknown>) => {
    const listener = await startTnsListener((_, count) => (count === 1 ? { accept: 319 } : { refuse: 12516 }), start);
    const lab = createLab({ connector: oracle });
    const report = await lab.test({ ...READER, port: listener.port, ...config }, { timeoutS: 4 });
    await expectClosed(lab);
    await listener.stop();
    return { auth: stepOf(report, 'auth'), asked: listener.asked };
  };
  const busy = { status: 'fail', code: 'TOO_MANY_CONNECTIONS', driver_code: 'ORA-12516' };

  test('to the address that was judged', async () => {
    const { auth, asked } = await through(undefined, {});
    expect(auth).toMatchObject(busy);
    expect(asked[1]).toContain('(HOST=127.0.0.1)');
  });

  test.each(['require', 'verify-ca', 'verify-full'])('over TLS, %s', async (tls_mode) => {
    const authority = await createAuthority();
    const tls = await authority.issue({ ips: ['127.0.0.1'] });
    const ca = { tls_ca: authority.certPem };
    if (tls_mode !== 'require') expect((await through(tls, { tls_mode, ...ca })).auth).toMatchObject(busy);
    else expect((await through(await selfSigned({ names: ['other'] }), { tls_mode })).auth).toMatchObject(busy);
  });

  test('through an SSH server', async () => {
    const listener = await startTnsListener((_, count) => (count === 1 ? { accept: 319 } : { refuse: 12516 }));
    const ssh = await startSshServer({ password: 'of the tunnel', upstream: listener });
    const way = { ssh_host: ssh.host, ssh_port: ssh.port, ssh_username: SSH_USER, ssh_password: 'of the tunnel' };
    const lab = createLab({ connector: oracle });
    const report = await lab.test({ ...READER, host: 'db.internal', port: 1521, ...way }, { timeoutS: 5 });
    expect(stepOf(report, 'auth'), JSON.stringify(report)).toMatchObject(busy);
    expect(ssh.forwards).toEqual(['db.internal:1521', 'db.internal:1521']);
    await expectClosed(lab);
    await Promise.all([listener.stop(), ssh.stop()]);
  });
});
