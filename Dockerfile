# The environment of a run, from the hashed list of packages, with the workflow in it:
#     docker build --tag evinet .
#     docker run --rm --volume "$PWD":/review evinet evinet run
# Checked with hadolint; not built here, where there is no Docker.
FROM python:3.11-slim-bookworm

SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# The compiler is for the models. Debian removes older versions, so that none can be named.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/evinet
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY workflow workflow
COPY reports reports
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --uid 1000 --create-home review
USER 1000
WORKDIR /review
CMD ["evinet", "--help"]
