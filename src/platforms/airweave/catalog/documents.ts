import { flag, key, list, part, text, url } from './fields.ts';
import { field, toPlace } from './probe.ts';
import { ALL, NOT_COMPOSIO, NOT_PIPEDREAM } from './providers.ts';
import type { AirweaveSource } from './source.ts';

const SHAREPOINT_FLAG = 'sharepoint_2019_v2';
const GOOGLE_FILES = {
  include_trashed: flag('Trash', 'Read what is in the trash as well.'),
  include_shared: flag('Shared', 'Read what others share as well.', { default: true }),
};
const SHAREPOINT_SITES = {
  site_url: url('Site', 'Address of the one site to read; empty for all sites.', {
    default: '',
    examples: ['https://acme.sharepoint.com/sites/shop'],
  }),
  include_personal_sites: flag('Personal sites', 'Read personal sites as well.'),
  include_pages: flag('Pages', 'Read pages as well.', { default: true }),
};

/** Files and documents. */
export const DOCUMENTS: Readonly<Record<string, AirweaveSource>> = {
  box: {
    name: 'Box',
    category: 'storage',
    keywords: ['files', 'drive'],
    oauth: 'app',
    config: {
      folder_id: text('Folder', 'Id of the folder to read; 0 is the root.', { default: '0', essential: true }),
    },
    providers: ALL,
  },
  dropbox: {
    name: 'Dropbox',
    category: 'storage',
    keywords: ['files', 'drive'],
    oauth: 'own_app',
    config: { exclude_path: text('Path left out', 'A path not to read.', { default: '', essential: true }) },
    providers: ALL,
  },
  google_docs: {
    name: 'Google Docs',
    keywords: ['documents', 'google'],
    oauth: 'own_app',
    config: GOOGLE_FILES,
    isContinuous: true,
    providers: ALL,
  },
  google_drive: {
    name: 'Google Drive',
    category: 'storage',
    keywords: ['files', 'google'],
    oauth: 'own_app',
    config: {
      include_patterns: list('Patterns', 'Patterns of the paths to read; empty for all.', {
        default: [],
        essential: true,
      }),
    },
    isContinuous: true,
    providers: ALL,
  },
  google_slides: {
    name: 'Google Slides',
    keywords: ['presentations', 'google'],
    oauth: 'own_app',
    config: GOOGLE_FILES,
    isContinuous: true,
    providers: ALL,
  },
  onedrive: {
    name: 'OneDrive',
    category: 'storage',
    keywords: ['files', 'microsoft'],
    oauth: 'app',
    providers: ALL,
  },
  powerpoint: { name: 'PowerPoint', keywords: ['presentations', 'microsoft'], oauth: 'app', providers: ALL },
  sharepoint: {
    name: 'SharePoint',
    category: 'storage',
    keywords: ['files', 'microsoft', 'sites'],
    oauth: 'app',
    providers: NOT_COMPOSIO,
  },
  sharepoint2019v2: {
    name: 'SharePoint 2019 On-Premise V2',
    category: 'storage',
    keywords: ['files', 'microsoft', 'active directory'],
    featureFlag: SHAREPOINT_FLAG,
    credentials: 'An account of the SharePoint server and one of its Active Directory.',
    direct: {
      sharepoint_username: part('SharePoint user', 'User of the SharePoint server.', { examples: ['headwater'] }),
      sharepoint_password: key('SharePoint password', 'Password of the SharePoint user.'),
      sharepoint_domain: part('SharePoint domain', 'Windows domain of the SharePoint user.', { examples: ['ACME'] }),
      ad_username: part('Directory user', 'User of the Active Directory.', { examples: ['headwater'] }),
      ad_password: key('Directory password', 'Password of the directory user.'),
      ad_domain: part('Directory domain', 'Windows domain of the directory user.', { examples: ['ACME'] }),
    },
    config: {
      site_url: url('Site', 'Address of the site to read.', {
        required: true,
        examples: ['https://sharepoint.example.com/sites/shop'],
      }),
      ad_server: text('Directory server', 'Host of the Active Directory server.', {
        required: true,
        destination: true,
        examples: ['ad.example.com'],
      }),
      ad_search_base: text('Search base', 'Where in the directory users and groups are looked for.', {
        required: true,
        examples: ['DC=example,DC=com'],
      }),
    },
    isContinuous: true,
    probe: toPlace('SharePoint', field('site_url')),
  },
  sharepoint_online: {
    name: 'SharePoint Online',
    category: 'storage',
    keywords: ['files', 'microsoft', 'sites'],
    featureFlag: SHAREPOINT_FLAG,
    oauth: 'app',
    config: SHAREPOINT_SITES,
    isContinuous: true,
    providers: ALL,
    probe: toPlace('SharePoint Online', field('site_url')),
  },
  sharepoint_online_app: {
    name: 'SharePoint Online (App)',
    category: 'storage',
    keywords: ['files', 'microsoft', 'sites', 'entra'],
    featureFlag: SHAREPOINT_FLAG,
    credentials: 'An application in Microsoft Entra with a secret and a private key.',
    direct: {
      tenant_id: part('Tenant', 'Id of the Microsoft Entra tenant.', { min: 1, examples: ['acme.onmicrosoft.com'] }),
      client_id: part('Client ID', 'Of the application in Microsoft Entra.', {
        min: 1,
        examples: ['00000000-0000-0000-0000-000000000000'],
      }),
      client_secret: key('Client secret', 'Of the application in Microsoft Entra.', { min: 1 }),
      private_key: key('Private key', 'PEM text of the key that belongs to its certificate.', { min: 1, type: 'text' }),
      certificate: text('Certificate', 'PEM text of the certificate.', { secret: true, type: 'text' }),
    },
    config: SHAREPOINT_SITES,
    isContinuous: true,
    probe: toPlace('SharePoint Online', field('site_url')),
  },
  word: { name: 'Word', keywords: ['documents', 'microsoft'], oauth: 'app', providers: NOT_PIPEDREAM },
};
