# One image for every role: `docker run … yeongyeori gateway`, `relay`, `streams`, `matcher`, `webhooks`,
# `notifier`, `prepare`, `doctor`.
FROM python:3.11-slim AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/yeon
COPY locks/uv.txt locks/run.txt locks/
RUN python -m pip install --require-hashes -r locks/uv.txt \
    && uv pip install --python /opt/yeon/bin/python --require-hashes -r locks/run.txt
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY infra infra
COPY commands commands
COPY projections projections
COPY matcher matcher
COPY streams streams
COPY gateway gateway
RUN uv pip install --python /opt/yeon/bin/python --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN groupadd --system --gid 10001 yeon && useradd --system --uid 10001 --gid yeon --home-dir /tmp yeon \
    && install -d -m 700 -o yeon -g yeon /var/lib/yeon/files
COPY --from=build /opt/yeon /opt/yeon
ENV PATH=/opt/yeon/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 YEON_DATA_DIR=/tmp/yeon
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000 8001 8002 8003
ENTRYPOINT ["yeon"]
CMD ["gateway"]
