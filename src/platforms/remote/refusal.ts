import { type ErrorCode, type FieldProblem, HeadwaterError } from '../../errors.ts';
import type { ApiAnswer } from '../../net/api-client.ts';

/** What a refusal says, in whichever of its shapes it came; all of it text from outside, scrubbed and capped. */
export interface Refusal {
  /** One text of all that it says. */
  text: string;
  /** Where it names fields: each by its path there, `body.config.database.user`, and what it says of it. */
  fields: readonly { path: string; message: string }[];
}

const MOST_FIELDS = 20;
const LONGEST = 300;

/**
 * Reads the shapes that are known of refusals: `detail` as text or as a list of `{loc, msg}`, `errors` as a list of
 * `{path: text}` or as an object, `error` as text or as `{message}`, `message`; HTML and empty bodies.
 */
export function readRefusal(answer: ApiAnswer): Refusal {
  const clean = (text: unknown) => answer.clean(String(text)).slice(0, LONGEST);
  const { json } = answer;
  if (!isRecord(json)) {
    // A secret may look like a tag: it goes first.
    const safe = answer.clean(typeof json === 'string' ? json : answer.text);
    const plain = typeof json === 'string' ? safe : safe.replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/g, ' ');
    return { text: clean(plain.replace(/\s+/g, ' ').trim()), fields: [] };
  }
  const fields = [...fieldsIn(json['detail']), ...fieldsIn(json['errors'])]
    .slice(0, MOST_FIELDS)
    .map(({ path, message }) => ({ path, message: clean(message) }));
  const texts = [json['detail'], json['error'], json['message'], json['errors']].flatMap(textIn).map(clean);
  const text =
    texts.length > 0
      ? [...new Set(texts)].join('; ')
      : fields.map((each) => `${each.path}: ${each.message}`).join('; ');
  return { text: text.slice(0, LONGEST), fields };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Named = Refusal['fields'][number];

function fieldsIn(value: unknown): Named[] {
  if (Array.isArray(value)) return value.filter(isRecord).flatMap((each) => located(each) ?? fieldsIn(each));
  return isRecord(value) ? Object.entries(value).flatMap(([path, said]) => sayings(path, said)) : [];
}

/** FastAPI's own form. */
function located({ loc, msg }: Record<string, unknown>): Named[] | undefined {
  return Array.isArray(loc) ? [{ path: loc.join('.'), message: String(msg ?? 'is not accepted') }] : undefined;
}

function sayings(path: string, said: unknown): Named[] {
  const texts: unknown[] = Array.isArray(said) ? said : [said];
  return texts.flatMap((message) => (typeof message === 'string' ? [{ path, message }] : []));
}

function textIn(value: unknown): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value];
  return isRecord(value) && typeof value['message'] === 'string' ? [value['message']] : [];
}

export interface RefusalOptions {
  /** In sentences: `Streamkap`. */
  platform: string;
  /** A field of ours by what the platform calls it; undefined where it is none. Default: what comes after `config.`. */
  fieldOf?: (path: string) => string | undefined;
  /** In the place of what the status says. */
  code?: ErrorCode;
  hint?: string;
}

/** An answer that is a refusal as an error: what it says as `upstream_message`, the fields that it names as ours. */
export function refusalOf(answer: ApiAnswer, options: RefusalOptions): HeadwaterError {
  const { platform, fieldOf = behindConfig } = options;
  const { text, fields } = readRefusal(answer);
  const named = fields.flatMap(({ path, message }): FieldProblem[] => {
    const field = fieldOf(path);
    return field === undefined ? [] : [{ field, message }];
  });
  const id = answer.headers['x-request-id'];
  const known = id ? ` ${platform} knows the request as ${answer.clean(id).slice(0, 80)}.` : '';
  const { code, says, hint } = meaningOf(answer.status, platform);
  return new HeadwaterError(options.code ?? code, says, {
    hint: `${options.hint ?? hint}${known}`,
    ...(named.length > 0 ? { fields: named } : {}),
    ...(text === '' ? {} : { upstream_message: text }),
  });
}

function behindConfig(path: string): string | undefined {
  const at = path.split('.').indexOf('config');
  const name = path
    .split('.')
    .slice(at + 1)
    .join('.');
  return at === -1 || name === '' ? undefined : `/config/${name}`;
}

function meaningOf(status: number, platform: string): { code: ErrorCode; says: string; hint: string } {
  if (status === 401 || status === 403) {
    return {
      code: 'PLATFORM_AUTH_FAILED',
      says: `${platform} does not permit this to Headwater's credentials there (HTTP ${status}).`,
      hint: `An operator must check the ${platform} credentials and their rights; describe_platforms says which there are.`,
    };
  }
  if (status >= 300 && status < 400) {
    return {
      code: 'PLATFORM_UNAVAILABLE',
      says: `${platform} answered with a redirect (HTTP ${status}), which is not followed: credentials go nowhere else.`,
      hint: 'Nothing was done. An operator must set the URL of the platform to where its API really is.',
    };
  }
  if (status >= 200 && status < 300) {
    return {
      code: 'PLATFORM_UNAVAILABLE',
      says: `${platform} answered with something that is not what its API says (HTTP ${status}).`,
      hint: 'Check the URL of the platform: it may be another server, or a newer API than this Headwater knows.',
    };
  }
  return {
    code: 'PLATFORM_REJECTED',
    says: `${platform} refused the request (HTTP ${status}).`,
    hint: 'Correct what it names, then call again. Nothing was changed there.',
  };
}
