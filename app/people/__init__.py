"""People: who a number, a `wa_id` or a business-scoped user id belongs to.

Owns `people` and `aliases`. Values are sealed with a key made from the tenant's data key and the person's salt, so that
destroying one salt makes one person unreadable; they are found by a keyed hash. One person may have many aliases, and
two people who turn out to be one are one from then on (`merged_into`). A closed alias is history and names nobody.
Shows other rooms `people_v1`, `aliases_v1` (open ones), `closed_aliases_v1`, and the verbs `recognise` (find or make
people), `find_people`, `add_aliases`, `close_alias`, `absorb`, `declare_party` and `still`. What changes for a person's
consents when their aliases do is decided a room higher, in `consents`.
"""
