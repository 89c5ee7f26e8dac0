import { expect, test } from 'vitest';
import { check } from './capture.ts';

const STARTS = 'GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `reader`@`%`';
const role = async (...lines: string[]) => (await check({ grants: [STARTS, ...lines] })).step('role');

test('what is too much is taken back as the server calls it', async () => {
  const { fix } = await role('GRANT INSERT, UPDATE (`id`, `na``me`) ON `shop`.`or``ders` TO `reader`@`%`');
  expect(fix?.sql).toContain('REVOKE INSERT, UPDATE (`id`, `na``me`) ON `shop`.`or``ders` FROM `reader`@`%`;');
});

test.each([
  'GRANT INSERT; DROP DATABASE payroll; -- , UPDATE ON `shop`.* TO `reader`@`%`',
  'GRANT INSERT (`id`); DROP DATABASE payroll; -- (`id`) ON `shop`.* TO `reader`@`%`',
  "GRANT INSERT ON 'a\\\\'.'; DROP DATABASE payroll; -- ' TO `reader`@`%`",
  'GRANT INSERT ON "a\\\\"."; DROP DATABASE payroll; -- " TO `reader`@`%`',
])('what a server calls its rights does not become a statement: %s', async (line) => {
  expect((await role(line)).fix?.sql ?? '').not.toContain('payroll');
});
