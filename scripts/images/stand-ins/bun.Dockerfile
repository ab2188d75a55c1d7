# oven/bun:1-slim: the program as the npm registry has it.
ARG SUITE
FROM debian:${SUITE}-slim
COPY bun /usr/local/bin/bun
