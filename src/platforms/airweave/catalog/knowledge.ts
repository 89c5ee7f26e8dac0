import { DATE_OR_SLASHES, flag, host, key, list, text, url } from './fields.ts';
import { field, toPlace } from './probe.ts';
import { ALL, NOT_COMPOSIO, NOT_PIPEDREAM } from './providers.ts';
import type { AirweaveSource } from './source.ts';

const mailDate = text('After', 'Read only mail after this day: YYYY/MM/DD or YYYY-MM-DD.', {
  pattern: DATE_OR_SLASHES,
  essential: true,
});

/** Documentation, mail, chat, calendars and meetings. */
export const KNOWLEDGE: Readonly<Record<string, AirweaveSource>> = {
  coda: {
    name: 'Coda',
    keywords: ['docs', 'wiki'],
    credentials: 'An API token of Coda.',
    direct: { api_key: key('API key', 'API token of Coda.', { min: 10 }) },
    config: {
      doc_id: text('Document', 'Id of the one document to read.', { essential: true }),
      folder_id: text('Folder', 'Id of the one folder to read.', { essential: true }),
    },
    providers: ALL,
  },
  confluence: {
    name: 'Confluence',
    keywords: ['wiki', 'atlassian', 'docs'],
    oauth: 'app',
    providers: NOT_PIPEDREAM,
  },
  document360: {
    name: 'Document360',
    keywords: ['docs', 'knowledge base'],
    credentials: 'An API token of Document360.',
    direct: { api_token: key('API token', 'API token of Document360.', { min: 10 }) },
    config: {
      base_url: url('Address', 'Address of the API, for another region.'),
      lang_code: text('Language', 'Code of the language to read.', { default: 'en' }),
    },
    providers: NOT_COMPOSIO,
    probe: toPlace('Document360', field('base_url')),
  },
  gmail: {
    name: 'Gmail',
    keywords: ['mail', 'e-mail', 'google'],
    oauth: 'own_app',
    config: {
      after_date: mailDate,
      included_labels: list('Labels', 'Labels to read.', { default: ['inbox', 'sent'] }),
      excluded_labels: list('Labels left out', 'Labels not to read.', { default: ['spam', 'trash'] }),
      excluded_categories: list('Categories left out', 'Categories of Gmail not to read.', {
        default: ['promotions', 'social'],
      }),
      gmail_query: text('Search', 'A search of Gmail that mail must match as well.'),
    },
    isContinuous: true,
    providers: ALL,
  },
  google_calendar: { name: 'Google Calendar', keywords: ['events', 'meetings'], oauth: 'own_app', providers: ALL },
  notion: { name: 'Notion', keywords: ['wiki', 'docs', 'notes'], oauth: 'app', providers: ALL },
  onenote: { name: 'OneNote', keywords: ['notes', 'microsoft'], oauth: 'app', providers: NOT_PIPEDREAM },
  outlook_calendar: { name: 'Outlook Calendar', keywords: ['events', 'microsoft'], oauth: 'app', providers: ALL },
  outlook_mail: {
    name: 'Outlook Mail',
    keywords: ['mail', 'e-mail', 'microsoft'],
    oauth: 'app',
    config: {
      after_date: mailDate,
      included_folders: list('Folders', 'Folders to read.', { default: ['inbox', 'sentitems'] }),
      excluded_folders: list('Folders left out', 'Folders not to read.', { default: ['junkemail', 'deleteditems'] }),
    },
    isContinuous: true,
    providers: ALL,
  },
  slab: {
    name: 'Slab',
    keywords: ['wiki', 'docs'],
    credentials: 'An API token of Slab.',
    direct: { api_key: key('API key', 'API token of Slab.', { min: 10 }) },
    config: {
      host: host('Host', 'Host of your Slab.', { min: 1, default: 'app.slab.com' }),
    },
    providers: NOT_COMPOSIO,
    probe: toPlace('Slab', field('host')),
  },
  slack: {
    name: 'Slack',
    keywords: ['chat', 'messages', 'channels'],
    oauth: 'app',
    isFederated: true,
    providers: ALL,
  },
  slite: {
    name: 'Slite',
    keywords: ['wiki', 'docs'],
    credentials: 'An API key of Slite.',
    direct: { api_key: key('API key', 'API key of Slite.', { min: 1 }) },
    config: { include_archived: flag('Archived', 'Read archived notes as well.') },
    providers: ALL,
  },
  teams: { name: 'Teams', keywords: ['microsoft teams', 'chat', 'messages'], oauth: 'app', providers: ALL },
  zoom: { name: 'Zoom', keywords: ['meetings', 'recordings', 'video'], oauth: 'app', providers: ALL },
};
