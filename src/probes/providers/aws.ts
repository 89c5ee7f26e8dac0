import type { Change, Place, Provider } from './provider.ts';

const SECURITY_GROUP = 'an inbound rule of its security group (VPC console)';

/** What a parameter of the engine is called in a parameter group of RDS. */
const RDS_NAMES: Readonly<Record<string, { name: string; value: string }>> = {
  wal_level: { name: 'rds.logical_replication', value: '1' },
};

/** A parameter of the group of an instance; a changed static one needs a reboot. */
function parameterGroup(kind: 'db' | 'db-cluster'): (name: string, value: string, place: Place) => Change {
  return (name, value) => {
    const theirs = RDS_NAMES[name] ?? { name, value };
    const group = kind === 'db' ? 'parameter group of the instance' : 'cluster parameter group';
    return {
      text: `Set ${theirs.name} to ${theirs.value} in the ${group} (a group of your own, not the default one), then reboot.`,
      command:
        `aws rds modify-${kind}-parameter-group --${kind}-parameter-group-name GROUP ` +
        `--parameters "ParameterName=${theirs.name},ParameterValue=${theirs.value},ApplyMethod=pending-reboot"`,
    };
  };
}

const RDS_HOST = /\.rds\.amazonaws\.com(\.cn)?$/;
const sql = ['postgresql', 'mysql'] as const;
const common = {
  settingsBy: 'cloud_admin',
  allowList: SECURITY_GROUP,
  replication: (role: string) => `GRANT rds_replication TO ${role};`,
} as const;

export const AWS: readonly Provider[] = [
  {
    ...common,
    code: 'rds_proxy',
    name: 'Amazon RDS Proxy',
    engines: sql,
    fits: ({ host }) => RDS_HOST.test(host) && host.includes('.proxy-'),
    noReplication: {
      because: 'RDS Proxy passes no replication connections on',
      instead: 'Use the endpoint of the instance or the cluster itself.',
    },
  },
  {
    ...common,
    code: 'aurora_reader',
    name: 'Amazon Aurora, reader endpoint',
    engines: sql,
    fits: ({ host }) => RDS_HOST.test(host) && host.includes('.cluster-ro-'),
    setting: parameterGroup('db-cluster'),
    noReplication: {
      because: 'the reader endpoint leads to replicas',
      instead: 'Use the writer endpoint: the same name with .cluster- in place of .cluster-ro-.',
    },
  },
  {
    ...common,
    code: 'aurora',
    name: 'Amazon Aurora',
    engines: sql,
    fits: ({ host }) => RDS_HOST.test(host) && /\.cluster-(custom-)?/.test(host),
    setting: parameterGroup('db-cluster'),
  },
  {
    ...common,
    code: 'rds',
    name: 'Amazon RDS',
    engines: [...sql, 'sqlserver', 'oracle'],
    fits: ({ host }) => RDS_HOST.test(host),
    setting: parameterGroup('db'),
  },
];
