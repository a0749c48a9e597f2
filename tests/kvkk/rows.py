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
