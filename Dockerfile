# One image for servers, workers and commands; compose.yaml says which is which.

FROM python:3.12-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.lock .
RUN /opt/venv/bin/python -m pip install --require-hashes --only-binary :all: -r requirements.lock

FROM python:3.12-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ZANTARA_VAR_DIR=/var/lib/zantara
RUN useradd --system --uid 10001 --user-group --no-create-home zantara
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/zantara
COPY manage.py manage.py
COPY pyproject.toml pyproject.toml
COPY zantara zantara
COPY plugins_app plugins_app
COPY plugins plugins
COPY templates templates
COPY static static
COPY deploy/container/healthcheck.py deploy/container/healthcheck.py
# Development settings collect the same files, need no secret, and the key they make is removed.
RUN mkdir /var/lib/zantara \
    && python manage.py collectstatic --noinput \
    && rm -f /var/lib/zantara/secret_key \
    && python -m compileall -q zantara plugins_app plugins

ARG COMMIT=""
ENV ZANTARA_COMMIT=$COMMIT
USER zantara
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "deploy/container/healthcheck.py"]
# WEB_CONCURRENCY is the number of processes; more than one needs REDIS_URL.
CMD ["uvicorn", "zantara.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--loop", "uvloop", "--http", "httptools", "--no-proxy-headers", "--no-server-header", \
     "--timeout-graceful-shutdown", "30", "--log-level", "warning"]
