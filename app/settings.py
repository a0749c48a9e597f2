"""What the environment may change. Read once, at the door; units in the names."""

import ssl
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

CLOCK = r"([01]\d|2[0-3]):[0-5]\d"


class Settings(BaseSettings):
    """Every setting, each as `TOPLU_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="TOPLU_", frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr
    redis_url: SecretStr
    master_key: SecretStr | None = None
    master_key_file: Path | None = None

    whatsapp_url: str = "https://graph.facebook.com"
    whatsapp_version: Annotated[str, Field(pattern=r"^v\d{2}\.0$")] = "v25.0"  # alive until 2028-07-29 (Meta, 2026-07)
    whatsapp_app_secret: SecretStr | None = None
    whatsapp_app_secret_next: SecretStr | None = None  # a second secret while one is being rotated
    whatsapp_verify_token: SecretStr | None = None
    whatsapp_connections: Annotated[int, Field(ge=1, le=2000)] = 400  # 80/s x 5 s, or 1,000/s x 0.4 s
    whatsapp_ca_file: Path | None = None  # further authorities to trust, for a proxy that opens TLS; PEM
    whatsapp_read_timeout_s: Annotated[float, Field(gt=0, le=120)] = 30.0

    iys_mode: Literal["attested", "off"] = "attested"
    iys_off_acknowledged_by: str | None = None

    transfer_policy: Literal["warn", "block"] = "warn"  # block: no send without a documented safeguard
    # The operator's contact rules; a tenant may only tighten them. Law 6563 names no hours: 09:00-21:00 is custom.
    quiet_hours: Annotated[str, Field(pattern=rf"^({CLOCK}-{CLOCK}|off)$")] = "21:00-09:00"
    quiet_hours_zone: str = "Europe/Istanbul"
    marketing_per_7_days: Annotated[int, Field(ge=1, le=100)] | Literal["off"] = 2
    marketing_per_30_days: Annotated[int, Field(ge=1, le=100)] | Literal["off"] = 4
    contact_rules_off_acknowledged_by: str | None = None

    api_pool_size: Annotated[int, Field(ge=1, le=100)] = 10
    worker_pool_size: Annotated[int, Field(ge=2, le=100)] = 8
    poll_s: Annotated[float, Field(ge=0, le=60)] = 1.0  # 0: only bells wake the worker
    lease_s: Annotated[float, Field(ge=1, le=300)] = 10.0  # a dead drainer's line is taken over after this
    sending_lease_s: Annotated[float, Field(ge=5, le=600)] = 60.0  # after it a posted row is uncertain
    page_size: Annotated[int, Field(ge=1, le=1000)] = 500  # messages claimed at once at most
    requests_per_minute: Annotated[int, Field(ge=1)] = 6_000  # of one key, in one API process
    max_body_bytes: Annotated[int, Field(ge=1024)] = 262_144
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    docs: bool = True

    @field_validator("whatsapp_ca_file")
    @classmethod
    def _holds_certificates(cls, file: Path | None) -> Path | None:
        if file is not None:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
            except OSError:  # an SSLError is one
                raise ValueError("TOPLU_WHATSAPP_CA_FILE must be a file of certificates (PEM).") from None
        return file

    @model_validator(mode="after")
    def _off_is_acknowledged(self) -> "Settings":
        if self.iys_mode == "off" and not self.iys_off_acknowledged_by:
            raise ValueError("TOPLU_IYS_MODE=off needs TOPLU_IYS_OFF_ACKNOWLEDGED_BY: the name of who decided so.")
        _check_contact_rules(self)
        if self.sending_lease_s < self.whatsapp_read_timeout_s + 20:
            raise ValueError("TOPLU_SENDING_LEASE_S must exceed TOPLU_WHATSAPP_READ_TIMEOUT_S by 20 s or more.")
        return self

    def read_master_key(self) -> str:
        """The master key's text, from the setting or the file. Raises ValueError when neither is given."""
        if self.master_key is not None:
            return self.master_key.get_secret_value()
        if self.master_key_file is not None:
            return self.master_key_file.read_text(encoding="ascii")
        raise ValueError("Set TOPLU_MASTER_KEY or TOPLU_MASTER_KEY_FILE. Without it no phone number can be read.")

    def app_secrets(self) -> tuple[bytes, ...]:
        """Meta's app secret, and the next one while it is being rotated."""
        both = (self.whatsapp_app_secret, self.whatsapp_app_secret_next)
        return tuple(secret.get_secret_value().encode() for secret in both if secret is not None)


def _check_contact_rules(settings: Settings) -> None:
    off = "off" in (settings.quiet_hours, settings.marketing_per_7_days, settings.marketing_per_30_days)
    if off and not settings.contact_rules_off_acknowledged_by:
        raise ValueError("Contact rules that are off need TOPLU_CONTACT_RULES_OFF_ACKNOWLEDGED_BY: who decided so.")
    begins, _, ends = settings.quiet_hours.partition("-")
    if begins == ends:
        raise ValueError("TOPLU_QUIET_HOURS must begin and end at different times.")
    if not is_time_zone(settings.quiet_hours_zone):
        raise ValueError("TOPLU_QUIET_HOURS_ZONE must be a time zone like Europe/Istanbul.")


def is_time_zone(name: str) -> bool:
    """Whether this machine knows a time zone of that name (IANA)."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
