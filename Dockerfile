# expsync with all that it needs, git included, for pipelines and for people without Python.
#
#   docker build --tag expsync .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" --env AMPLITUDE_PROD_KEY expsync plan -e prod
FROM python:3.13-slim-trixie AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY expsync expsync
# Without pip in it: nothing is installed into it later.
RUN python -m venv --without-pip /opt/expsync \
    && python -m pip --python /opt/expsync/bin/python --no-cache-dir --disable-pip-version-check \
        install --quiet --root-user-action ignore --constraint constraints.txt .

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="expsync" \
      org.opencontainers.image.description="Amplitude experiments in git: plan and apply from YAML" \
      org.opencontainers.image.licenses="MIT"
# `plan --base` and `drift --base` ask git for files of other commits; the checkout belongs to somebody else in here.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*' \
    && useradd --uid 10001 --create-home expsync
COPY --from=build /opt/expsync /opt/expsync
ENV PATH=/opt/expsync/bin:$PATH
USER 10001
WORKDIR /work
ENTRYPOINT ["expsync"]
CMD ["--help"]
