# The dashboard with its pages. Nothing is compiled but the pages: the server runs as TypeScript.
# `node deploy/rehearse-image.js` runs these steps without an engine.

FROM node:24-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY protocol/package.json protocol/
COPY backend/package.json backend/
COPY frontend/package.json frontend/
COPY reporters/typescript/package.json reporters/typescript/
COPY reporters/mcp/package.json reporters/mcp/
COPY demo/package.json demo/
COPY e2e/package.json e2e/
COPY bench/package.json bench/

FROM manifests AS pages
RUN npm ci --ignore-scripts --include-workspace-root --workspace protocol --workspace frontend
COPY protocol/src protocol/src
COPY frontend frontend
RUN npm run build --workspace frontend

FROM manifests AS dependencies
RUN npm ci --ignore-scripts --omit=dev --workspace protocol --workspace backend

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
RUN install --directory --owner=node --group=node --mode=0700 /data
COPY --from=dependencies /app/node_modules node_modules
COPY LICENSE package.json ./
COPY protocol/package.json protocol/
COPY protocol/src protocol/src
COPY backend/package.json backend/
COPY backend/src backend/src
COPY deploy/healthcheck.js deploy/
COPY --from=pages /app/frontend/dist frontend/dist
USER node
EXPOSE 8000
VOLUME /data
HEALTHCHECK --interval=10s --timeout=5s --retries=6 CMD node deploy/healthcheck.js
# A smaller young generation: 100 MB less resident.
CMD ["node", "--max-semi-space-size=8", "backend/src/main.ts"]
