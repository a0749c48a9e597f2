"""People: who a number, a `wa_id` or a business-scoped user id belongs to.

Owns `people` and `aliases`. Values are sealed with a key made from the tenant's data key and the person's salt, so that
destroying one salt makes one person unreadable; they are found by a keyed hash. Shows other rooms `people_v1` and
`aliases_v1`, and the verbs `recognise` (find or make people) and `find_people`.
"""
