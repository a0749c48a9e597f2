"""Evidence: sealed for its person, and provable only with the person's key."""

import pytest

from app.consents.acts import Evidence
from app.consents.evidence import open_evidence, seal_evidence
from app.kit.crypto import Unsealable
from app.people.find import find_people
from app.people.seal import alias_hash
from tests.rooms.consents.build import Shop, phone

pytestmark = pytest.mark.anyio


async def test_evidence_is_kept_sealed_and_its_digest_needs_the_key(shop: Shop) -> None:
    to = phone()
    await shop.record(shop.consent(to, evidence={"form": "kayıt formu", "ip": "192.0.2.7"}))
    person = await shop.person(to)

    [row] = await shop.desk.rows(
        shop.id, "SELECT * FROM consent_events WHERE person_id = :p AND evidence_ct IS NOT NULL", p=person
    )

    async with shop.desk.run.db.begin(shop.id) as session:
        hash_ = alias_hash(shop.keys, "phone", to)
        salt = (await find_people(session, shop.id, [hash_]))[hash_].salt
    assert salt is not None
    stored = Evidence(bytes(row["evidence_ct"]), bytes(row["evidence_digest"]))
    assert ({"form": "kayıt formu", "ip": "192.0.2.7"}, True) == open_evidence(shop.keys, salt, person, stored)
    assert "192.0.2.7" not in str(row)
    with pytest.raises(Unsealable):
        open_evidence(shop.keys, b"\0" * 16, person, stored)


async def test_equal_evidence_has_different_digests(shop: Shop) -> None:
    person = await shop.person(phone())

    both = [seal_evidence(shop.keys, b"\1" * 16, person, {"reference": "1"}) for _ in range(2)]

    assert both[0].digest != both[1].digest
