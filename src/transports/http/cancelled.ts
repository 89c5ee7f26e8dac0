import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  type RequestId,
  type WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';

/** The requests of one POST, whose answers share a stream. */
interface Post {
  running: Set<unknown>;
  cancelled: RequestId[];
}

/**
 * Ends the streams of requests that their client cancels. Those get no answer, as the protocol has it; but the SDK ends
 * a stream with the last answer alone. To be called before a server is connected.
 */
export function endCancelled(transport: WebStandardStreamableHTTPServerTransport): void {
  const posts = new WeakMap<object, Post>();
  /** By the ids of requests that run. */
  const running = new Map<unknown, Post>();
  const send = transport.send.bind(transport);

  const settle = (id: RequestId, isCancelled: boolean) => {
    const post = running.get(id);
    if (!post) return;
    running.delete(id);
    post.running.delete(id);
    if (isCancelled) post.cancelled.push(id);
    if (post.running.size > 0 || post.cancelled.length === 0) return;
    transport.closeSSEStream(id);
    // Nobody hears these: they are for the transport, which remembers requests until they are answered.
    for (const cancelled of post.cancelled) void send({ jsonrpc: '2.0', id: cancelled, result: {} }).catch(() => {});
  };

  transport.onmessage = (message, { request = {} } = {}) => {
    if (isJSONRPCRequest(message)) {
      const post = posts.get(request) ?? { running: new Set(), cancelled: [] };
      posts.set(request, post);
      post.running.add(message.id);
      running.set(message.id, post);
    } else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      const id = message.params?.['requestId'];
      if (typeof id === 'string' || typeof id === 'number') settle(id, true);
    }
  };
  transport.send = async (message, options) => {
    await send(message, options);
    if (isJSONRPCResponse(message) && message.id !== undefined) settle(message.id, false);
  };
}
