# Signet as a container: the Swift runtime is in the binary, so the image holds Debian, C libraries and one file.
#
#   docker run -p 8080:8080 -v signet:/data -e SIGNET_ISSUER=https://login.example.com signet
#
# It speaks plain HTTP inside, for use behind a proxy which ends TLS.

FROM swift:6.3-bookworm AS build
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends \
      libssl-dev libsqlite3-dev libargon2-dev libsodium-dev libyaml-dev libcurl4-openssl-dev libhiredis-dev \
      pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /signet
COPY . .
RUN swift build -c release --static-swift-stdlib --product signet \
 && strip -o /usr/local/bin/signet "$(swift build -c release --static-swift-stdlib --show-bin-path)/signet"

FROM debian:bookworm-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends \
      libssl3 libsqlite3-0 libargon2-1 libsodium23 libyaml-0-2 libcurl4 libhiredis0.14 libpsl5 zlib1g \
      ca-certificates \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
 # Fixed ids, so that the owner of a mounted folder can be set before the container runs.
 && groupadd --system --gid 10001 signet \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin signet \
 && install -d -o signet -g signet -m 0700 /data
COPY --from=build /usr/local/bin/signet /usr/local/bin/signet
USER 10001:10001
WORKDIR /data
# The issuer has no default: tokens name it, and only the operator knows the address clients use.
ENV SIGNET_LISTEN=0.0.0.0:8080 SIGNET_DATA=/data SIGNET_TLS_MODE=off
VOLUME /data
EXPOSE 8080 8443
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["signet", "health"]
ENTRYPOINT ["signet"]
CMD ["serve"]
