"""The phone numbers the sandbox owns, with their accounts, tokens and throughput buckets."""

import time

import msgspec

Json = dict[str, object]
TIERS = ((250, "TIER_250"), (2_000, "TIER_2K"), (10_000, "TIER_10K"), (100_000, "TIER_100K"))


class PhoneNumber(msgspec.Struct, forbid_unknown_fields=True):
    """A business phone number as it is configured; `token` is write-only."""

    id: str = "100000000000001"
    waba_id: str = "200000000000001"
    portfolio_id: str = "300000000000001"
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

    def shown(self, fields: list[str], tier: str = "TIER_UNLIMITED") -> Json:
        """The node as `GET /{id}` answers it; `id` is always there. `tier`: how many people the portfolio may reach."""
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
            "whatsapp_business_manager_messaging_limit": tier,
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


def tier_of(messaging_limit: int) -> str:
    """Meta's name for a number of people in a day; the next larger one for a number it does not have."""
    return next((name for most, name in TIERS if 0 < messaging_limit <= most), "TIER_UNLIMITED")


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

    def full(self, rate: float, burst: float) -> bool:
        """Whether everything has been saved up again."""
        return self._level is None or self._level + (time.monotonic() - self._at) * rate >= burst


PAIRS_KEPT = 20_000  # before those that are full again are dropped


class Reached:
    """The people of one portfolio in a moving window, in the order in which they were written to last."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def take(self, address: str, *, most: int, window_s: float) -> bool:
        """Count this person; False when that would be one too many, and then nobody is counted."""
        now = time.monotonic()
        while self._at and self._at[first := next(iter(self._at))] <= now - window_s:
            del self._at[first]
        if address not in self._at and len(self._at) >= most:
            return False
        self._at.pop(address, None)
        self._at[address] = now
        return True


class Directory:
    """All numbers by id, with their buckets, those of their pairs, and whom their portfolios reached."""

    def __init__(self, numbers: list[PhoneNumber]) -> None:
        self.by_id = {number.id: number for number in numbers}
        self._buckets: dict[str, Bucket] = {}
        self._pairs: dict[tuple[str, str], Bucket] = {}
        self._pairs_clean_at = PAIRS_KEPT
        self._reached: dict[str, Reached] = {}
        self._upgrades: dict[str, float] = {}

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

    def take_pair(self, number: PhoneNumber, address: str, *, every_s: float, burst: int) -> bool:
        """One message from what this number may write to this person."""
        if len(self._pairs) >= self._pairs_clean_at:
            self._pairs = {key: one for key, one in self._pairs.items() if not one.full(1 / every_s, burst)}
            self._pairs_clean_at = max(PAIRS_KEPT, 2 * len(self._pairs))
        return self._pairs.setdefault((number.id, address), Bucket()).take(1 / every_s, burst)

    def reach(self, number: PhoneNumber, address: str, *, most: int, window_s: float) -> bool:
        """One person of what the number's portfolio may reach in a day."""
        return self._reached.setdefault(number.portfolio_id, Reached()).take(address, most=most, window_s=window_s)

    def upgrade(self, number: PhoneNumber, *, rate: float, seconds: float) -> None:
        """Give the number another throughput; for so long it cannot be used, as when Meta does it."""
        self.put(msgspec.structs.replace(number, throughput_per_s=rate, throughput_burst=max(1, int(rate))))
        self._upgrades[number.id] = time.monotonic() + seconds

    def upgrading(self, number: PhoneNumber) -> bool:
        """Whether the number is in maintenance now."""
        return self._upgrades.get(number.id, 0.0) > time.monotonic()


def read_numbers(raw: bytes) -> list[PhoneNumber]:
    """Numbers from a JSON list. Errors: `ValueError` for anything that is not a list of numbers."""
    return msgspec.json.decode(raw, type=list[PhoneNumber])
