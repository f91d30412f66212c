# syntax=docker/dockerfile:1

# What is installed is built in an image of its own, so that pip and its cache stay behind.
FROM python:3.11-slim-trixie AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements.txt

FROM python:3.11-slim-trixie
# pg_dump, pg_restore and psql, for `manage.py backup` and `restore`.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin advocacy \
    && install --directory --owner advocacy --group advocacy --mode 700 /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
# Settings refuse to start without keys. These exist for this one line, sign nothing and stay in no layer.
RUN DATA_DIR=/tmp/build BASE_URL=https://build.invalid \
    SECRET_KEY="$(head -c 48 /dev/urandom | base64 -w0)" IDENTITY_KEY="$(head -c 48 /dev/urandom | base64 -w0)" \
    python manage.py collectstatic --noinput \
    && rm -rf /tmp/build
USER advocacy
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--no-ws", "--respawn-failed-workers", "--log-level", "warning", "advocacy_platform.wsgi:application"]
