import { includesRole, type PrincipalRole } from '../sources/principal.ts';
import { createSourceTool } from './create-source.ts';
import type { Tool } from './define-tool.ts';
import { deleteSourceTool } from './delete-source.ts';
import { describePlatformsTool } from './describe-platforms.ts';
import { discoverSourceTool } from './discover-source.ts';
import { getConnectorSchemaTool } from './get-connector-schema.ts';
import { getSourceTool } from './get-source.ts';
import { listConnectorsTool } from './list-connectors.ts';
import { listSourcesTool } from './list-sources.ts';
import { previewSourceTool } from './preview-source.ts';
import { requestCredentialsTool } from './request-credentials.ts';
import { runSourceTool } from './run-source.ts';
import { testConnectionTool } from './test-connection.ts';
import { updateSourceTool } from './update-source.ts';

/** Every tool, in the order of a source's life. The order is part of the contract: clients cache it. */
export const TOOLS: readonly Tool[] = [
  listConnectorsTool,
  getConnectorSchemaTool,
  testConnectionTool,
  createSourceTool,
  listSourcesTool,
  getSourceTool,
  updateSourceTool,
  deleteSourceTool,
  discoverSourceTool,
  previewSourceTool,
  runSourceTool,
  requestCredentialsTool,
  describePlatformsTool,
];

/** The tools that somebody of this role can see and call; where the operator says so, without those that write. */
export function enabledTools({ role, readOnly }: { role: PrincipalRole; readOnly: boolean }): Tool[] {
  return TOOLS.filter((tool) => includesRole(role, tool.role) && (!readOnly || tool.annotations.readOnlyHint));
}
