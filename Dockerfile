# docker build -t headwater .
# docker run -i --rm -v headwater:/data headwater                                     an MCP client over stdio
# docker run -v headwater:/data headwater token add NAME                              then, over HTTP:
# docker run -p 127.0.0.1:3333:3333 -v headwater:/data headwater http --host 0.0.0.0
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts/build.js scripts/sdk-platform.js scripts/
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
LABEL io.modelcontextprotocol.server.name="io.github.headwater-mcp/headwater" \
      org.opencontainers.image.title="Headwater" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
RUN install --directory --owner=node --group=node --mode=0700 /data
ENV NODE_ENV=production HEADWATER_HOME=/data
VOLUME /data
USER node
EXPOSE 3333
ENTRYPOINT ["node", "/app/dist/cli.js"]
CMD ["stdio"]
