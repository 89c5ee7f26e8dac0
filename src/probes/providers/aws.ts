import type { Change, Place, Provider } from './provider.ts';

const SECURITY_GROUP = 'an inbound rule of its security group (VPC console)';
const AUTHORITY = 'https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem';

/** What a parameter of the engine is called in a parameter group of RDS. */
const RDS_NAMES: Readonly<Record<string, { name: string; value: string }>> = {
  wal_level: { name: 'rds.logical_replication', value: '1' },
};

/** A parameter of the group of an instance or a cluster; a changed static one needs a reboot. */
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
const suffixes = ['.rds.amazonaws.com'];
const sql = ['postgresql', 'mysql'] as const;
const common = {
  settingsBy: 'cloud_admin',
  allowList: SECURITY_GROUP,
  authority: AUTHORITY,
  replication: (role: string) => `GRANT rds_replication TO ${role};`,
  suffixes,
  suspicions: [
    {
      of: ['TCP_TIMEOUT'],
      likelihood: 'likely',
      cause: ({ provider }) =>
        `The security group of the ${provider?.name} instance does not let this address in, or the instance is not publicly accessible`,
      evidence: ({ addresses }) => [
        `no answer at all from ${addresses.map(({ address }) => address).join(', ')}: dropped, not refused`,
      ],
      fix: () =>
        'Add an inbound rule to the security group of the instance, for TCP on its port from the address that Headwater connects from. If its name resolves to a private address outside the VPC, set "Publicly accessible" or use an SSH tunnel through a host in the VPC.',
      actor: 'cloud_admin',
      tellApart: ({ place }) =>
        `From a host in the same VPC: nc -vz ${place.host} ${place.port}. If that answers, it is the security group or the route.`,
    },
    {
      of: ['DATABASE_NOT_FOUND'],
      when: ({ place, facts }) => facts.database !== undefined && place.host.startsWith(`${facts.database}.`),
      likelihood: 'likely',
      cause: ({ facts }) => `${facts.database} is the name of the instance, not of a database in it`,
      evidence: ({ place }) => [`the host begins with it: ${place.host}`],
      fix: ({ place }) =>
        `Give the database's own name; ${place.engine === 'mysql' ? 'leave it out to read all' : 'where none was made, it is postgres'}.`,
      roles: ['database'],
    },
  ],
} as const satisfies Partial<Provider>;

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
    note: 'This is an RDS Proxy: it is reachable from inside its VPC only.',
  },
  {
    ...common,
    code: 'aurora_reader',
    name: 'Amazon Aurora (reader endpoint)',
    engines: sql,
    fits: ({ host }) => RDS_HOST.test(host) && host.includes('.cluster-ro-'),
    setting: parameterGroup('db-cluster'),
    noReplication: {
      because: 'the reader endpoint leads to replicas',
      instead: 'Use the writer endpoint: the same name with .cluster- in place of .cluster-ro-.',
    },
    note: 'This is the reader endpoint: it leads to a replica that may lag, and to another one at each connection.',
  },
  {
    ...common,
    code: 'aurora',
    name: 'Amazon Aurora',
    engines: sql,
    fits: ({ host }) => RDS_HOST.test(host) && host.includes('.cluster-'),
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
  {
    code: 'documentdb',
    name: 'Amazon DocumentDB',
    engines: ['mongodb'],
    suffixes: ['.docdb.amazonaws.com'],
    fits: ({ host }) => /\.docdb(-elastic)?\.amazonaws\.com(\.cn)?$/.test(host),
    settingsBy: 'cloud_admin',
    allowList: SECURITY_GROUP,
    authority: AUTHORITY,
    note: 'DocumentDB is reachable from inside its VPC only, and wants TLS unless its parameter group says otherwise.',
    suspicions: [
      {
        of: ['TCP_TIMEOUT', 'TCP_UNREACHABLE'],
        likelihood: 'certain',
        cause: () => 'DocumentDB can be reached from inside its VPC only',
        evidence: ({ place }) => [`the name ${place.host} is one of DocumentDB`],
        fix: () =>
          'Run Headwater in that VPC, or use an SSH tunnel through a host in it (ssh_host, ssh_username, ssh_private_key).',
        roles: ['ssh_host'],
        actor: 'cloud_admin',
      },
    ],
  },
];
