# The image of `toplu api`, `toplu worker` and `toplu migrate`: the wheel and what requirements.lock names, no more.
# tests/packaging runs these very lines, in a folder of its own, as part of `make test`.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# The environment first: it changes with the lock only, the layers below with every commit.
COPY requirements.lock ./
RUN python -m venv --without-pip /venv
RUN pip --python /venv/bin/python install --require-hashes --only-binary :all: --requirement requirements.lock

# The tools that build the wheel, with their hashes, out of the full lock.
COPY tests/requirements.lock tests/
RUN awk '/^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ { on = 1 } \
         on { print } !/\\$/ { on = 0 }' tests/requirements.lock > build.lock
RUN python -m venv --without-pip /build
RUN pip --python /build/bin/python install --require-hashes --only-binary :all: --requirement build.lock

COPY pyproject.toml ./
COPY migrations migrations/
COPY app app/
RUN /build/bin/python -m hatchling build --target wheel
RUN pip --python /venv/bin/python install --no-index --no-deps dist/toplu-*.whl
# The pretend WhatsApp has no business beside the real one.
RUN rm -r /venv/lib/python*/site-packages/app/sandbox

FROM python:${PYTHON}
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin toplu
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /
EXPOSE 8000
CMD ["toplu", "api", "--host", "0.0.0.0", "--port", "8000"]
