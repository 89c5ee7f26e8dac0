import * as nodeModule from 'node:module';

const NAME = 'headwater-mcp';

interface Resolved {
  url: string;
  shortCircuit?: boolean;
}
type Resolve = (
  specifier: string,
  context: unknown,
  next: (specifier: string, context: unknown) => Resolved,
) => Resolved;
/** Node 22.15 and newer; before that, hooks run on a thread of their own. */
type RegisterHooks = (hooks: { resolve: Resolve }) => unknown;

/**
 * Lets connector files import `headwater-mcp` wherever they are, and get this very copy: what two copies make, neither
 * knows of the other. A hook of the whole process.
 */
export function letFilesImportUs(): void {
  const url = import.meta.resolve(NAME);
  const registerHooks = (nodeModule as { registerHooks?: RegisterHooks }).registerHooks;
  if (registerHooks) {
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === NAME ? { url, shortCircuit: true } : next(specifier, context),
    });
    return;
  }
  const source = `export function resolve(specifier, context, next) {
  return specifier === ${JSON.stringify(NAME)} ? { url: ${JSON.stringify(url)}, shortCircuit: true } : next(specifier, context);
}`;
  nodeModule.register(`data:text/javascript,${encodeURIComponent(source)}`);
}
