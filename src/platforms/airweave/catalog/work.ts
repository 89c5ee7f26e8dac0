import { flag, key, list, part, text } from './fields.ts';
import { HELD } from './held.ts';
import { inAuth, toPlace, under } from './probe.ts';
import { ALL, NOT_PIPEDREAM } from './providers.ts';
import type { AirweaveSource } from './source.ts';

/** Projects, code, meetings and what else teams work with. */
export const WORK: Readonly<Record<string, AirweaveSource>> = {
  airtable: { name: 'Airtable', keywords: ['spreadsheet', 'database', 'bases'], oauth: 'app', providers: ALL },
  asana: { name: 'Asana', keywords: ['projects', 'tasks'], oauth: 'app', providers: ALL },
  bitbucket: {
    name: 'Bitbucket',
    keywords: ['git', 'code', 'atlassian'],
    credentials: 'An access token of Bitbucket; for an API token of Atlassian also the e-mail address of its account.',
    direct: {
      access_token: key('Access token', 'Token of a repository, project or workspace, or an API token of Atlassian.', {
        min: 10,
      }),
      email: text('E-mail', 'Of the Atlassian account, where the token is an API token.'),
      workspace: text('Workspace', 'Its slug; it may stand beside the settings as well.', {
        pattern: { is: /^[a-zA-Z0-9_-]+$/, says: 'must be letters, digits, _ and -' },
      }),
      repo_slug: text('Repository', 'One repository; empty for all.', {
        default: '',
        pattern: { is: /^[a-zA-Z0-9_.-]*$/, says: 'must be letters, digits, _, . and -' },
      }),
    },
    config: {
      workspace: text('Workspace', 'Slug of the workspace to read.', {
        default: '',
        examples: ['acme'],
        essential: true,
      }),
      repo_slug: text('Repository', 'Slug of the one repository to read; empty for all.', { default: '' }),
      branch: text('Branch', 'Branch to read; empty for the main one.', { default: '' }),
      file_extensions: list('File extensions', 'Endings of the files to read; empty for all.', { default: [] }),
    },
    providers: NOT_PIPEDREAM,
  },
  clickup: { name: 'ClickUp', keywords: ['projects', 'tasks'], oauth: 'app', providers: ALL },
  fireflies: {
    name: 'Fireflies',
    keywords: ['meetings', 'transcripts'],
    credentials: 'An API key of Fireflies.',
    direct: { api_key: key('API key', 'API key of Fireflies.') },
    providers: ALL,
  },
  github: {
    name: 'GitHub',
    keywords: ['git', 'code', 'repository'],
    credentials: 'A personal access token of GitHub that may read the repository.',
    direct: {
      personal_access_token: key('Personal access token', 'A token that may read the repository.', {
        min: 4,
        pattern: {
          is: /^(ghp_|github_pat_|gho_)|^[0-9a-fA-F]{40}$/,
          says: 'must begin with ghp_, github_pat_ or gho_, or be 40 hexadecimal digits',
        },
      }),
    },
    config: {
      repo_name: text('Repository', 'Owner and repository.', {
        required: true,
        min: 3,
        pattern: { is: /^[a-zA-Z0-9_-]+\/[a-zA-Z0-9_.-]+$/, says: 'must be owner/repository' },
        examples: ['acme/shop'],
      }),
      branch: text('Branch', 'Branch to read; empty for the default one.', { default: '' }),
      sync_pull_requests: flag('Pull requests', 'Read pull requests as well.'),
    },
    isContinuous: true,
    providers: NOT_PIPEDREAM,
  },
  gitlab: {
    name: 'GitLab',
    keywords: ['git', 'code', 'repository'],
    oauth: 'app',
    config: {
      project_id: text('Project', 'Id of the one project to read; empty for all.', { default: '', essential: true }),
      branch: text('Branch', 'Branch to read; empty for the default one.', { default: '' }),
    },
    providers: ALL,
  },
  jira: {
    name: 'Jira',
    keywords: ['issues', 'atlassian', 'projects', 'zephyr'],
    oauth: 'app',
    config: {
      project_keys: list('Project keys', 'Keys of the projects to read.', {
        required: true,
        min: 1,
        examples: [['SHOP']],
      }),
      zephyr_scale_api_token: text(
        'Zephyr Scale token',
        'Reads test management too. Airweave must have switched on zephyr_scale, or it answers 403.',
        { secret: true },
      ),
    },
    providers: NOT_PIPEDREAM,
  },
  linear: { name: 'Linear', keywords: ['issues', 'projects'], oauth: 'app', isContinuous: true, providers: ALL },
  monday: { name: 'Monday', keywords: ['projects', 'boards'], oauth: 'app', providers: ALL },
  servicenow: {
    name: 'ServiceNow',
    keywords: ['itsm', 'incidents', 'tickets'],
    credentials: 'A user of the ServiceNow instance and its password.',
    direct: {
      url: text('Instance URL', 'Address of the instance; or give `subdomain`.', { min: 1, destination: true }),
      subdomain: text('Subdomain', 'What stands before .service-now.com; or give `url`.', {
        min: 1,
        destination: true,
        examples: ['acme'],
      }),
      username: part('User', 'User of the instance.', { min: 1, role: 'username', examples: ['headwater'] }),
      password: key('Password', "The user's password.", { min: 1, role: 'password' }),
    },
    rules: (config) => {
      const { method, url, subdomain, username } = (config['auth'] ?? {}) as Record<string, unknown>;
      const isMissing = method === 'direct' && username !== HELD && url === undefined && subdomain === undefined;
      return isMissing ? [{ path: 'auth/url', message: 'is required, or subdomain instead of it' }] : [];
    },
    providers: NOT_PIPEDREAM,
    probe: toPlace(
      'ServiceNow',
      inAuth(({ url, subdomain }) => under('place', 'service-now.com')({ place: url ?? subdomain })),
    ),
  },
  todoist: { name: 'Todoist', keywords: ['tasks', 'to-do'], oauth: 'app', providers: ALL },
  trello: { name: 'Trello', keywords: ['boards', 'projects'], oauth: 'oauth1', providers: ALL },
};
