# The image of Specyard: the program with what it needs when it runs, Git and ssh.
#
#   docker build --build-arg NODE_IMAGE=docker.io/library/node:22-bookworm-slim@sha256:… --tag registry.example.com/specyard:0.1.0 .
#
# NODE_IMAGE is an image of Node 20.19 or newer on Debian. It has no default: which bytes the program runs on is for you to decide and to pin.
ARG NODE_IMAGE

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && chmod 755 dist/specyard.js
RUN npm prune --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
  && rm -rf /var/lib/apt/lists/* \
  && ln -s /app/dist/specyard.js /usr/local/bin/specyard
WORKDIR /app
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/schemas schemas
COPY --from=build /build/charts charts
COPY --from=build /build/compiler/render/templates compiler/render/templates
COPY --from=build /build/templates templates
COPY --from=build /build/examples/handbook/specyard-client.mjs examples/handbook/specyard-client.mjs
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/docs/errors.md docs/errors.md
COPY --from=build /build/dist dist
ENV NODE_ENV=production
# The user `node` of the official images; ssh wants one that the image knows.
USER 1000
ENTRYPOINT ["specyard"]
CMD ["--help"]
