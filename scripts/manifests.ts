/**
 * What registries and clients read before they run Headwater: server.json of the MCP registry, manifest.json of an MCPB
 * bundle. Made from the code and package.json, written by `npm run docs`, compared by a test.
 */
import manifest from '../package.json' with { type: 'json' };
import { variableTable } from '../src/settings.ts';
import { TOOLS } from '../src/tools/index.ts';

const { name, mcpName, version, license, keywords, engines } = manifest;
const TITLE = 'Headwater';
/** At most 100 characters: the registry takes no more. */
const SUMMARY = 'Agents bring data sources into service: find, test for real, fix, create, keep in order';
const SECRET = /_(KEY|TOKEN|SECRET|PASSWORD)$/;

/** https://github.com/modelcontextprotocol/registry, docs/reference/server-json */
export const SERVER_JSON = {
  $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
  name: mcpName,
  title: TITLE,
  description: SUMMARY,
  version,
  packages: [
    {
      registryType: 'npm',
      registryBaseUrl: 'https://registry.npmjs.org',
      identifier: name,
      version,
      runtimeHint: 'npx',
      transport: { type: 'stdio' },
      environmentVariables: variableTable().map(({ name: variable, standard, meaning }) => {
        const [, literal] = /^`(\w+)`$/.exec(standard) ?? [];
        return {
          name: variable,
          description: meaning.replaceAll('`', ''),
          isRequired: false,
          isSecret: SECRET.test(variable),
          ...(literal === undefined ? {} : { default: literal }),
        };
      }),
    },
  ],
};

/** https://github.com/anthropics/mcpb, MANIFEST.md. What a person leaves empty must have a default: hosts fill in no other. */
export const MCPB_MANIFEST = {
  manifest_version: '0.3',
  name: 'headwater',
  display_name: TITLE,
  version,
  description: SUMMARY,
  author: { name: 'The Headwater maintainers' },
  license,
  keywords,
  server: {
    type: 'node',
    entry_point: 'dist/cli.js',
    mcp_config: {
      command: 'node',
      args: ['${__dirname}/dist/cli.js', 'stdio'],
      env: {
        HEADWATER_SECRET_SOURCE: '${user_config.secret}',
        HEADWATER_REFERENCE_DIRS: '${user_config.secret_folder}',
        HEADWATER_READ_ONLY: '${user_config.read_only}',
      },
    },
  },
  user_config: {
    secret: {
      type: 'string',
      title: "A source's password or key",
      description: 'The model never sees it; it writes ${env:HEADWATER_SECRET_SOURCE} in its place.',
      sensitive: true,
      required: false,
      default: '',
    },
    secret_folder: {
      type: 'directory',
      title: 'Folder of secrets',
      description: 'For more than one: a file for each, which the model names as ${file:/path}.',
      required: false,
      default: '${HOME}/.headwater/secrets',
    },
    read_only: {
      type: 'boolean',
      title: 'Only read',
      description: 'Hides every tool that writes.',
      required: false,
      default: false,
    },
  },
  tools: TOOLS.map(({ name: tool, description }) => ({
    name: tool,
    description: description.split(/(?<=\.) /)[0] ?? '',
  })),
  prompts_generated: true,
  compatibility: { platforms: ['darwin', 'linux', 'win32'], runtimes: { node: engines.node } },
};

/** File → its text. */
export const MANIFESTS: Readonly<Record<string, string>> = {
  'server.json': textOf(SERVER_JSON),
  'manifest.json': textOf(MCPB_MANIFEST),
};

function textOf(content: unknown): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
