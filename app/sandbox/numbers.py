"""The phone numbers the sandbox owns, with their accounts, tokens and throughput buckets."""

import time

import msgspec

Json = dict[str, object]


class PhoneNumber(msgspec.Struct, forbid_unknown_fields=True):
    """A business phone number as it is configured; `token` is write-only."""

    id: str = "100000000000001"
    waba_id: str = "200000000000001"
    display_phone_number: str = "+1 555-010-0000"
    country_code: str = "1"
    verified_name: str = "Sandbox Shop"
    status: str = "CONNECTED"
    quality_rating: str = "GREEN"
    token: str | None = None  # None: the sandbox's own token
    throughput_per_s: float | None = None  # None: the knob
    throughput_burst: int | None = None
    refuse_code: int | None = None  # every send is refused with it: 368, 131031, 131048, ...

    @property
    def digits(self) -> str:
        """The number as webhooks show it and as a person would be addressed."""
        return "".join(c for c in self.display_phone_number if c.isdigit())

    def shown(self, fields: list[str]) -> Json:
        """The node as `GET /{id}` answers it; `id` is always there."""
        node: Json = {
            "id": self.id,
            "display_phone_number": self.display_phone_number,
            "verified_name": self.verified_name,
            "quality_rating": self.quality_rating,
            "code_verification_status": "VERIFIED",
            "status": self.status,
            "name_status": "APPROVED",
            "platform_type": "CLOUD_API",
            "account_mode": "LIVE",
            "throughput": {"level": "HIGH" if (self.throughput_per_s or 0) > 80 else "STANDARD"},
            "whatsapp_business_manager_messaging_limit": "TIER_100K",
            "health_status": {
                "can_send_message": "AVAILABLE" if self.status == "CONNECTED" else "BLOCKED",
                "entities": [{"entity_type": "PHONE_NUMBER", "id": self.id, "can_send_message": "AVAILABLE"}],
            },
        }
        asked = fields or [
            "display_phone_number",
            "verified_name",
            "quality_rating",
            "code_verification_status",
        ]
        return {key: node[key] for key in dict.fromkeys([*asked, "id"]) if key in node}


class Bucket:
    """A token bucket on the monotonic clock: `rate` per second, at most `burst` saved up."""

    __slots__ = ("_at", "_level")

    def __init__(self) -> None:
        self._level: float | None = None
        self._at = 0.0

    def take(self, rate: float, burst: float) -> bool:
        """Take one; False when the bucket is empty, and then nothing is taken."""
        now = time.monotonic()
        level = burst if self._level is None else min(burst, self._level + (now - self._at) * rate)
        self._at = now
        self._level = level - 1 if level >= 1 else level
        return level >= 1


class Directory:
    """All numbers by id, and their buckets."""

    def __init__(self, numbers: list[PhoneNumber]) -> None:
        self.by_id = {number.id: number for number in numbers}
        self._buckets: dict[str, Bucket] = {}

    def put(self, number: PhoneNumber) -> None:
        """Add a number, or replace the one with its id."""
        self.by_id[number.id] = number

    def of_account(self, waba_id: str) -> list[PhoneNumber]:
        """The numbers of an account; empty when there is no such account."""
        return [number for number in self.by_id.values() if number.waba_id == waba_id]

    def take(self, number: PhoneNumber, *, rate: float, burst: int) -> bool:
        """One message from the number's throughput; the number's own limits win over the given ones."""
        own_rate = rate if number.throughput_per_s is None else number.throughput_per_s
        own_burst = burst if number.throughput_burst is None else number.throughput_burst
        return self._buckets.setdefault(number.id, Bucket()).take(own_rate, own_burst)


def read_numbers(raw: bytes) -> list[PhoneNumber]:
    """Numbers from a JSON list. Errors: `ValueError` for anything that is not a list of numbers."""
    return msgspec.json.decode(raw, type=list[PhoneNumber])
