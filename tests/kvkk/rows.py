"""What the privacy text this product began with promises, row by row, and what in Toplu keeps it.

O: an obligation or a statement; P: a purpose of processing; A4: a principle of Law 6698 (KVKK), article 4/2.
The ids are for ever. Tests name them: `@pytest.mark.covers("O9")`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what is asked for, and the feature that does it."""

    id: str
    asks: str
    feature: str


OBLIGATIONS: Final = (
    Row(
        "O1",
        "Personal data are protected by every technical and administrative measure.",
        "The register of controls names each measure with the date it was last checked and the date it is due again.",
    ),
    Row(
        "O2",
        "Every technological means is used for the level of security that is needed.",
        "Numbers, variables and tokens are sealed with keys of their tenant; no address outside TLS is sent to.",
    ),
    Row(
        "O3",
        "The first aim is the trust of the people and institutions that are served.",
        "A signed receipt per message, which anybody can verify, offline or at a public address.",
    ),
    Row(
        "O4",
        "The information assets that the service uses are secure.",
        "The register of assets, with the date at which each secret is to be changed.",
    ),
    Row(
        "O5",
        "Continuity: the service goes on, securely.",
        "What was accepted is on disk; a worker that is killed, or a queue that is emptied, loses no message.",
    ),
    Row(
        "O6",
        "Confidentiality: what is held is held in confidence.",
        "Forced row-level security under every query; no number in logs, errors, metrics or the queue.",
    ),
    Row(
        "O7",
        "Integrity: what customers and the operator entrust is whole.",
        "An append-only ledger, a hash chain over it, signed checkpoints, and a verifier that needs no database.",
    ),
    Row(
        "O8",
        "The policy binds the operator and all of its services.",
        "Every way to send asks one gate, and every route that sends asks whether the terms are accepted.",
    ),
    Row(
        "O9",
        "The policy is one with the SMS agreement, and subject to it.",
        "Terms may incorporate other documents in an order of precedence; an acceptance pins the versions of all.",
    ),
    Row(
        "O10",
        "No data go to third parties unless a law says so.",
        "A disclosure is recorded with the law that asks for it, or it is refused.",
    ),
    Row(
        "O11",
        "Data are distributed in no way.",
        "An export needs a permission of its own, carries a mark, and is logged.",
    ),
    Row(
        "O12",
        "Data are not disclosed through press or media.",
        "A disclosure to media is refused, always.",
    ),
    Row(
        "O13",
        "Customers' data are not used for the operator's own advertising.",
        "The operator's purposes cannot be named for a tenant's recipients.",
    ),
    Row(
        "O14",
        "Data are collected in membership and activation.",
        "Every consent record says in which context, and by which method, it was collected.",
    ),
    Row(
        "O15",
        "Data are processed in-house only.",
        "The register of processors and transfers: WhatsApp stands in it from the first day.",
    ),
    Row(
        "O16",
        "Processing follows approval.",
        "The gate fails closed: no basis on record, no message.",
    ),
    Row(
        "O17",
        "Those served are natural and legal persons.",
        "A person is natural or legal; merchants need no prior approval, but their refusal counts.",
    ),
    Row(
        "O18",
        "The laws are named: 6698, 5809, 5651, the regulator's rules.",
        "A table of law references, linked from purposes and from retention rules.",
    ),
    Row(
        "O19",
        "Archives are physical as well as digital.",
        "Evidence may name its archive, box and page; its destruction is a task that somebody signs off.",
    ),
    Row(
        "O20",
        "The policy must be accepted before the service is used.",
        "A tenant that has not accepted the terms in force is refused when it sends; notices are acknowledged only.",
    ),
    Row(
        "O21",
        "The terms bind the operator and all members.",
        "An acceptance keeps the hash of the exact text, and who accepted it.",
    ),
    Row(
        "O22",
        "The policy may change.",
        "Versions never change; a new one takes effect thirty days after it was announced, with a diff.",
    ),
    Row(
        "O23",
        "Processing keeps to article 4 of Law 6698.",
        "The five principles below.",
    ),
)

PURPOSES: Final = (
    Row("P1", "Activating products and services", "`service_activation`"),
    Row("P2", "Carrying out the requested transaction", "`transaction_execution`"),
    Row("P3", "Telling the progress of an order", "`order_status_notification`"),
    Row("P4", "Announcing new products and services", "`new_product_announcement`"),
    Row("P5", "Finding the best-fitting product", "`product_matching`: no message can be sent for it"),
    Row("P6", "Offers based on usage", "`usage_based_offer`"),
    Row("P7", "Informing about campaigns", "`campaign_information`"),
    Row("P8", "Analysing in order to improve", "`product_improvement_analytics`: no message can be sent for it"),
    Row("P9", "Confirming identity", "`identity_verification`"),
    Row("P10", "Answering questions and complaints", "`inquiry_complaint_response`"),
    Row("P11", "Measures for data security", "`data_security_measures`"),
    Row("P12", "Preventing and detecting misuse", "`abuse_prevention`"),
    Row("P13", "Informing regulators and authorities", "`regulatory_disclosure`: no message can be sent for it"),
    Row("P14", "Keeping subscription data the law requires", "`statutory_retention`: no message can be sent for it"),
    Row("P15", "Checking that data are consistent", "`data_consistency_check`"),
    Row("P16", "Running the services", "`service_management`"),
    Row("P17", "Managing traffic", "`traffic_management`: no message can be sent for it"),
    Row(
        "P18",
        "Marketing: planning and measuring it, and communicating",
        "two purposes: `marketing_strategy_measurement` (no message), `marketing_communication`",
    ),
    Row("P19", "Serving and surveying customers", "two purposes: `customer_service`, `satisfaction_survey`"),
    Row("P20", "Financial reporting", "`financial_reporting`: no message can be sent for it"),
    Row("P21", "Pursuing legal claims", "`legal_follow_up`"),
    Row("P22", "Optimising services", "`service_optimisation`: no message can be sent for it"),
    Row("P23", '"And similar purposes"', "refused: a purpose that is not specific is none (article 4/2-c)"),
)

PRINCIPLES: Final = (
    Row(
        "A4a",
        "Lawful and fair",
        "Evidence is asked for; a consent that was a condition, or bundled with another act, opens nothing.",
    ),
    Row("A4b", "Accurate and, where necessary, up to date", "Corrections, number changes and closed lines."),
    Row("A4c", "For specific, explicit and legitimate purposes", "A closed registry; a send names its purpose."),
    Row(
        "A4d",
        "Relevant, limited and proportionate",
        "Frequency caps, quiet hours, and variables allowed per purpose.",
    ),
    Row("A4e", "Kept no longer than necessary", "Retention rules, and destruction runs with a log."),
)

ROWS: Final = OBLIGATIONS + PURPOSES + PRINCIPLES


@dataclass(frozen=True, slots=True)
class Question:
    """What a lawyer asks first: the tests that answer it, or what it waits for."""

    asks: str
    tests: tuple[str, ...] = ()
    open: str = ""


_GATE = "It needs the gateway of İYS itself; approvals are attested until then (`TOPLU_IYS_MODE`)."

QUESTIONS: Final = (
    Question(
        "Is a send without a purpose, or for `other`, refused?",
        (
            "tests/flows/test_purposes.py::test_nothing_is_sent_for_nobody_in_particular_and_for_no_purpose",
            "tests/flows/test_purposes.py::test_similar_purposes_are_no_purpose",
        ),
    ),
    Question(
        "Whoever agreed to campaigns only: are offers from their usage kept from them?",
        ("tests/flows/test_purposes.py::test_a_purpose_on_consent_is_sent_with_both_records_and_refused_without",),
    ),
    Question(
        "Does a withdrawal between accepting and sending win?",
        (
            "tests/flows/test_main_job.py::test_a_withdrawal_between_accept_and_claim_stops_the_send",
            "tests/invariants/test_race.py::test_no_claim_after_a_committed_restriction",
        ),
    ),
    Question(
        "And when two names turn out to be one person's, of whom one said STOP?",
        ("tests/invariants/test_race.py::test_no_claim_after_two_people_became_one_of_whom_one_was_stopped",),
    ),
    Question("A refusal that İYS tells while a batch is being sent: does it stop the rest?", open=_GATE),
    Question("İYS cannot be reached: does marketing wait, and is never let through?", open=_GATE),
    Question("A consent of four business days ago, over a feast: too late for İYS, or still in time?", open=_GATE),
    Question("What İYS answers to a repetition (H174), a first refusal (H175), an older act (H178)?", open=_GATE),
    Question("A merchant who is not registered in İYS: is that told apart (`iys_not_registered`)?", open=_GATE),
    Question(
        "Is a consent that rode on the same code or tick as something else worth nothing?",
        ("tests/rooms/consents/test_circumstances.py::test_what_was_not_given_freely_is_kept_and_opens_nothing",),
    ),
    Question(
        'Is a notice beside which "I accept" stands kept from being published?',
        ("tests/rooms/notices/test_lint.py::test_each_fault_refuses_publication_and_is_pointed_at_with_its_law",),
    ),
    Question(
        "Is a consent refused where a contract is the basis?",
        ("tests/flows/test_purposes.py::test_for_a_purpose_on_a_basis_no_consent_is_taken",),
    ),
    Question(
        "Is STOP understood in every Turkish spelling?",
        (
            "tests/rooms/inbound/test_keywords.py::test_writing_folds_to_plain_words",
            "tests/rooms/inbound/test_keywords.py::test_a_whole_message_that_is_a_stop_word_is_a_stop",
        ),
    ),
    Question(
        "Two people share a number and one of them says STOP: does it hold for the number?",
        (
            "tests/rooms/consents/test_people.py"
            "::test_a_number_that_two_people_use_is_one_person_here_and_stops_for_both",
        ),
    ),
    Question(
        "Erased, then imported again: still stopped?",
        ("tests/flows/test_rights.py::test_a_stop_survives_erasing_and_importing_the_number_again",),
    ),
    Question(
        "Are an edit, a deletion, a reorder and a truncation of the records each found?",
        ("tests/flows/test_proof.py::test_every_way_to_alter_an_exported_chain_fails_for_its_own_reason",),
    ),
    Question(
        "Can a tenant lift a person's objection?",
        (
            "tests/rooms/consents/test_suppress.py::test_an_objection_is_raised_and_lifted_by_the_person_alone",
            "tests/rooms/consents/test_suppress.py::test_no_role_lifts_an_objection_without_an_act_of_the_person",
        ),
    ),
    Question(
        "Is a service message that promotes held back?",
        (
            "tests/rooms/templates/test_review.py"
            "::test_nothing_is_sent_with_it_before_a_person_cleared_it_and_nothing_after_a_rejection",
            "tests/rooms/dispatch/test_claim.py::test_nothing_is_claimed_after_its_words_were_stopped",
        ),
    ),
    Question(
        "Does a material change of a notice touch only the purposes it changed?",
        (
            "tests/rooms/consents/test_stale_notices.py"
            "::test_a_material_change_stales_only_the_purposes_that_need_a_new_consent",
        ),
    ),
    Question(
        "A standard contract that was not notified by the sixth business day: is somebody told?",
        (
            "tests/rooms/duties/test_duties.py"
            "::test_a_standard_contract_that_was_not_notified_is_overdue_on_the_sixth_business_day",
        ),
    ),
    Question(
        "Has every message that was sent one decision, and evidence from before it?",
        (
            "tests/invariants/test_sent_rests_on_evidence.py"
            "::test_every_sent_message_has_one_decision_whose_evidence_came_before_it",
        ),
    ),
)
