# syntax=docker/dockerfile:1
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg REVISION=$(git rev-parse HEAD) \
#     -t registry.example/slicegate:0.1.0 --push .
#
# Without docker: image/build. The compiler always runs on the builder's own platform and crosses over to the other, so
# nothing is emulated.

FROM --platform=$BUILDPLATFORM rust:1.95.0-slim-bookworm AS build
ARG TARGETARCH

# The names of the target: Rust's in /target, Debian's in /triple. The compiler for the builder's own is there already.
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

# One folder for each target, so that both can be built at a time.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    rust=$(cat /target) triple=$(cat /triple) \
 && name=$(echo "$rust" | tr a-z- A-Z_) \
 && export "CARGO_TARGET_${name}_LINKER=$triple-gcc" "CC_$(echo "$rust" | tr - _)=$triple-gcc" \
 && image/files "$rust" /image

# Nothing beside the program: no shell, no package, no libc. Certificates of authorities are not here either: a pod is
# given its API server's.
FROM scratch
ARG REVISION=unknown

LABEL org.opencontainers.image.title="slicegate" \
      org.opencontainers.image.description="Shares GPUs in Kubernetes, safely, on the stock scheduler and the stock NVIDIA device plugin" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="Apache-2.0"

# The program, its licence, and what is in it (CycloneDX): see image/files.
COPY --from=build /image /

# By number, so that a kubelet can tell that it is not root.
USER 65532:65532
# The webhooks by TLS; probes and metrics.
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/slicegate"]
