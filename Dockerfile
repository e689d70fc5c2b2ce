# Two images: the last stage has nthc alone, for gates in a cluster; `--target ci` also has git and a shell, for pipelines.
#
#   docker build -t registry.example.com/nthc:0.1.0 .
#   docker build -t registry.example.com/nthc-ci:0.1.0 --target ci .
#
# Pin the bases by digest where that is required: --build-arg RUST=rust@sha256:… --build-arg ALPINE=alpine@sha256:…
ARG RUST=rust:1.90.0-alpine3.22
ARG ALPINE=alpine:3.22.2

FROM ${RUST} AS build
RUN apk add --no-cache musl-dev make
WORKDIR /source
COPY . .
RUN cargo build --locked --profile dist --bins --package nthc \
    && install -D target/dist/nthc /out/usr/local/bin/nthc \
    && install -D target/dist/nth-lsp /out/usr/local/bin/nth-lsp \
    && install -D /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt

FROM ${ALPINE} AS ci
RUN apk add --no-cache bash ca-certificates git
COPY --from=build /out/usr/local/bin/ /usr/local/bin/
COPY .ci/pull-request /usr/local/bin/pull-request
USER 65532:65532
ENV HOME=/tmp
CMD ["/usr/local/bin/nthc", "--help"]

# Static programs, root certificates, and nothing else: no shell, and nothing that is written to. Gates for Argo CD run the
# command `nthc`, so that it must be in PATH.
FROM scratch
COPY --from=build /out/ /
ENV PATH=/usr/local/bin
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/nthc"]
