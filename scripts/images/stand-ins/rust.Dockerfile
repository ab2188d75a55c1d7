# rust:1-SUITE: the toolchain that built this.
ARG SUITE
FROM debian:${SUITE}-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make cmake \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
COPY bin /usr/local/cargo/bin
COPY lib /usr/local/cargo/lib
ENV PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CARGO_HOME=/usr/local/cargo
