# Two stages: what is needed to build, and what is needed to run. The steps are those of CI: npm ci, npm run build.
# Debian and not Alpine: the Temporal SDK's native part is built for glibc.
FROM node:22.20.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
COPY workflows ./workflows
COPY activities ./activities
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:22.20.0-bookworm-slim
# The SDK's native part trusts the system's authorities, of which the slim image has none.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY scripts/health.mjs ./scripts/health.mjs
COPY bin ./bin
COPY examples ./examples
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The command, so that a pipeline may use this image for its job.
RUN ln -s /app/bin/watcher-rollback.mjs /usr/local/bin/watcher-rollback
USER node
EXPOSE 9323
# Of the API, the default command. For a worker give the address of its metrics, as docker-compose.yml does.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "scripts/health.mjs"]
ENTRYPOINT ["node", "--enable-source-maps", "dist/src/main.js"]
CMD ["api"]
