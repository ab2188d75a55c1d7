# python:3.13-SUITE and -slim: Debian's own Python of that version. The official one lives below /usr/local.
ARG SUITE
FROM debian:${SUITE}-slim
ARG VARIANT
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv python3-pip \
    && if [ -z "$VARIANT" ]; then apt-get install -y --no-install-recommends gcc g++ make git pkg-config python3-dev libpq-dev; fi \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /usr/lib/python3*/EXTERNALLY-MANAGED \
    && ln -s /usr/bin/python3 /usr/local/bin/python && ln -s /usr/bin/python3 /usr/local/bin/python3 \
    && ln -s /usr/bin/pip /usr/local/bin/pip
ENV DEBIAN_FRONTEND= SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
# What Debian's pip brought along pip may not replace; the official image has none of it.
RUN pip install --no-cache-dir --quiet --ignore-installed packaging
CMD ["python3"]
