/** zod as connectors of one's own get it: whole, and built apart, so that the server's own share stays small. */
export { z } from 'zod';
