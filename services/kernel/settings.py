"""What a service is told from outside, by environment variables that begin with SINGLETRACK_."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One service's settings. A URL looks like postgresql://user:password@host:port/database."""

    model_config = SettingsConfigDict(env_prefix="SINGLETRACK_", extra="ignore")

    #: Where this service's database answers, as its runtime role.
    database_url: SecretStr = SecretStr("")
    #: The JWK set that tokens are checked with.
    jwks: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    #: Where the gateway answers; only the coordinator needs it.
    gateway_url: str = ""
    #: The coordinator's own token key (a private JWK); only the coordinator needs it.
    coordinator_key: SecretStr = SecretStr("")
    #: Where evidence keeps contents: a folder, or s3://bucket/prefix.
    object_store: str = ""
    #: The most bytes of one content. Ours, not the law's.
    content_ceiling_bytes: int = 1 << 30
    #: How long a hand-over of custody may stay unopened before the coordinator opens it. Ours, not the law's.
    handover_tolerance_seconds: float = 24 * 3600
    #: How long "immediately" may take before it is shown as overdue. Ours, not the law's.
    at_once_tolerance_seconds: float = 2 * 3600
    pool_size: int = 10
