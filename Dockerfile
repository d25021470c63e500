# A small image: the program, the C library and root certificates. No shell, no package manager, not root.
#
#   docker build -t wharf .
#   docker run -p 127.0.0.1:5000:5000 -v wharf-data:/data wharf
#
# Everything that is kept is in /data. The first start prints the root access key. Settings are the WHARF_… variables.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
# The C compiler of the base image builds SQLite and the cryptography; nothing else is needed.
RUN cargo build --locked --profile dist --package wharf \
    && mkdir -p /image/data \
    && cp target/dist/wharf /image/wharf

FROM gcr.io/distroless/cc-debian12
COPY --from=build /image/wharf /usr/local/bin/wharf
# An empty folder with the right owner: a new named volume takes both from it. 65532 is `nonroot` of the base image.
COPY --from=build --chown=65532:65532 /image/data /data
ENV WHARF_LISTEN=0.0.0.0:5000 \
    WHARF_DATA_DIR=/data
USER 65532:65532
VOLUME /data
EXPOSE 5000
# Proves that the database and the storage work, by using them. There is no shell and no curl here to ask the process
# itself; whoever can ask over HTTP (Kubernetes, a load balancer) should use /healthz and /readyz instead.
HEALTHCHECK --interval=60s --timeout=20s --start-period=10s --retries=3 CMD ["/usr/local/bin/wharf", "check"]
ENTRYPOINT ["/usr/local/bin/wharf"]
CMD ["serve"]
