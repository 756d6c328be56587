# syntax=docker/dockerfile:1
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg REVISION=$(git rev-parse HEAD) \
#     -t registry.example/slicegate:0.1.0 --push .
#
# Without docker: image/build. The compiler always runs on the builder's own platform and cross-compiles for the other one,
# so nothing is emulated.

FROM --platform=$BUILDPLATFORM rust:1.95.0-slim-bookworm AS build
ARG TARGETARCH

# Writes the names of the target: Rust's to /target, Debian's to /triple. The compiler for the builder's own platform is
# already installed.
RUN case "$TARGETARCH" in \
      amd64) rust=x86_64-unknown-linux-gnu triple=x86_64-linux-gnu package=x86-64-linux-gnu ;; \
      arm64) rust=aarch64-unknown-linux-gnu triple=aarch64-linux-gnu package=aarch64-linux-gnu ;; \
      *) echo "there is no image for $TARGETARCH: add its names here" >&2; exit 1 ;; \
    esac \
 && if [ "$(dpkg --print-architecture)" != "$TARGETARCH" ]; then \
      apt-get update \
      && apt-get install --yes --no-install-recommends "gcc-$package" "libc6-dev-$TARGETARCH-cross" \
      && rm -rf /var/lib/apt/lists/*; \
    fi \
 && rustup target add "$rust" \
 && echo "$rust" >/target && echo "$triple" >/triple

WORKDIR /src
COPY Cargo.toml Cargo.lock LICENSE ./
COPY image image
COPY src src

# One folder for each target, so that both can be built at the same time.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    rust=$(cat /target) triple=$(cat /triple) \
 && name=$(echo "$rust" | tr a-z- A-Z_) \
 && export "CARGO_TARGET_${name}_LINKER=$triple-gcc" "CC_$(echo "$rust" | tr - _)=$triple-gcc" \
 && image/files "$rust" /image

# Only the program: no shell, no package, no libc. There are no CA certificates either: Kubernetes gives a pod the CA of its
# API server.
FROM scratch
ARG REVISION=unknown

LABEL org.opencontainers.image.title="slicegate" \
      org.opencontainers.image.description="Shares GPUs in Kubernetes, safely, on the stock scheduler and the stock NVIDIA device plugin" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0"

# The program, its licence, and what is in it (CycloneDX): see image/files.
COPY --from=build /image /

# A number, so that the kubelet can verify that it is not root.
USER 65532:65532
# 8443: the webhooks, with TLS. 8080: probes and metrics.
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/slicegate"]
