# One image for the gateway, the four services and the migrate job; docker-compose.yml says which command runs where.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 singletrack && mkdir /objects && chown singletrack /objects
WORKDIR /app

# Dependencies first, each with its hash: they change less often than the code.
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY services ./services
COPY gateway ./gateway
COPY migrations ./migrations
COPY singletrack ./singletrack

ENV PYTHONPATH=/app PYTHONUNBUFFERED=1
RUN python -m compileall -q /app
USER singletrack
EXPOSE 8000
CMD ["python", "-m", "gateway"]
