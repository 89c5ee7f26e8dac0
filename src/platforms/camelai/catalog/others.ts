import type { Connector } from '../../../connectors/define-connector.ts';
import type { Fields } from '../../../connectors/fields.ts';
import { originOf } from '../../../connectors/http-fields.ts';
import { through } from '../../../connectors/through.ts';
import { urlFaults } from '../../../connectors/vendor/url-faults.ts';
import type { Probe } from '../../../probes/probe.ts';
import { Secret } from '../../../secrets/secret.ts';
import { camelConnector } from './connector.ts';
import { fileFaults, filesOf, signedFiles } from './files.ts';

type Config = Readonly<Record<string, unknown>>;

const mcp = camelConnector({
  code: 'mcp',
  vendorCode: 'MCP',
  name: 'MCP',
  category: 'api',
  aliases: ['mcp server'],
  keywords: ['tools', 'model context protocol', 'agent'],
  fields: {
    base_url: {
      type: 'string',
      title: 'URL',
      description: 'Whole address of the MCP endpoint: Streamable HTTP or SSE.',
      role: 'url',
      required: true,
      canonical: originOf,
      max: 8192,
      examples: ['https://mcp.example.com/mcp'],
      aka: ['url', 'endpoint', 'server_url'],
    },
    access_token: {
      type: 'string',
      title: 'Access token',
      description: 'Sent as Authorization: Bearer, where the server wants one.',
      role: 'token',
      secret: true,
      aka: ['token', 'api_key'],
    },
    selected_tools: {
      type: 'strings',
      title: 'Selected tools',
      description: 'Names of tools to enable. Left out: all that the server lists.',
      essential: true,
      examples: [['search', 'fetch']],
      aka: ['tools'],
    },
  },
  rules: urlFaults('base_url'),
  capabilities: ['test', 'discover'],
  prerequisites: ['An MCP server that camelAI reaches, and an access token where it wants one.'],
  example: { base_url: 'https://mcp.example.com/mcp', access_token: '${env:HEADWATER_SECRET_MCP}' },
  probe: () =>
    through('mcp', ({ base_url, access_token: token, selected_tools: tools }: Config) => ({
      base_url,
      ...(Array.isArray(tools) && tools.length > 0 ? { selected_tools: tools } : {}),
      auth: token instanceof Secret ? { method: 'bearer', token } : { method: 'none' },
    })) as () => Promise<Probe<never>>,
});

const file = camelConnector({
  code: 'file',
  vendorCode: 'FILE',
  name: 'File Upload',
  category: 'file',
  aliases: ['files', 'file url'],
  keywords: ['csv', 'tsv', 'excel', 'xlsx', 'sqlite', 'parquet', 'spreadsheet', 'upload'],
  fields: {
    file_urls: {
      type: 'array',
      title: 'Files',
      description:
        'Links to csv, tsv, xls, xlsx, sqlite, db, sqlite3 or parquet files of up to 10 GB: url and filename of each. ' +
        'For links with a signature in them: signed_file_urls, the same list as JSON text and a secret.',
      essential: true,
      min: 1,
      max: 500,
      destination: true,
      examples: [[{ url: 'https://data.example.com/sales.csv', filename: 'sales.csv' }]],
      aka: ['files', 'urls', 'url'],
    },
    signed_file_urls: {
      type: 'json',
      title: 'Files behind signed links',
      description: 'In place of file_urls: the same list as JSON text.',
      secret: true,
      destination: true,
      virtual: true,
    },
  },
  alternatives: { file_urls: [], signed_file_urls: [] },
  rules: fileFaults,
  compose: ({ signed_file_urls: signed, ...config }) =>
    signed === undefined ? config : { ...config, file_urls: signedFiles(signed) },
  prerequisites: ['Links that camelAI can fetch: public addresses, no login.'],
  example: { file_urls: [{ url: 'https://data.example.com/sales.csv', filename: 'sales.csv' }] },
  probe: fileProbe,
});

function fileProbe(_: Fields): () => Promise<Probe<never>> {
  return async () => {
    const { fileUrlProbe } = await import('../../../probes/file-url/index.ts');
    const { filesIn } = await import('../../../probes/file-url/given.ts');
    return {
      plan: (own: Config, context, options) => {
        const { signed_file_urls: signed } = own;
        const isSigned = signed instanceof Secret;
        const files = isSigned ? filesIn(signed) : filesOf(own['file_urls']);
        const fieldOf = (at: number) => (isSigned ? 'signed_file_urls' : `file_urls/${at}`);
        return fileUrlProbe.plan({ files, fieldOf, signed: isSigned }, context, options);
      },
    } as Probe<never>;
  };
}

export const OTHERS: readonly Connector[] = [file, mcp];
