# syntax=docker/dockerfile:1
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t registry.example/slicegate:0.1.0 --push .
#
# The compiler always runs on the builder's own platform and crosses over to the other, so nothing is emulated.
#
# With glibc rather than static with musl: aws-lc-rs and mimalloc bring C, for which Debian has cross compilers of glibc
# alone. What that costs is a base image with libc and libgcc in place of an empty one; neither has a shell.

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
COPY Cargo.toml Cargo.lock ./
COPY src src

# One folder for each target, so that both can be built at a time.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    rust=$(cat /target) triple=$(cat /triple) \
 && name=$(echo "$rust" | tr a-z- A-Z_) \
 && export "CARGO_TARGET_${name}_LINKER=$triple-gcc" "CC_$(echo "$rust" | tr - _)=$triple-gcc" \
 && cargo build --release --locked --target "$rust" \
 && cp "target/$rust/release/slicegate" /slicegate

# libc, libgcc, certificates of authorities, and user 65532; of the same Debian as the compiler, whose libc it was linked to.
FROM gcr.io/distroless/cc-debian12:nonroot

LABEL org.opencontainers.image.title="slicegate" \
      org.opencontainers.image.description="Shares GPUs in Kubernetes, safely, on the stock scheduler and the stock NVIDIA device plugin" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"

COPY LICENSE /usr/share/doc/slicegate/LICENSE
COPY --from=build /slicegate /usr/local/bin/slicegate

# By number, so that a kubelet can tell that it is not root.
USER 65532:65532
# The webhooks by TLS; probes and metrics.
EXPOSE 8443 8080
ENTRYPOINT ["/usr/local/bin/slicegate"]
