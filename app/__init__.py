"""Toplu: bulk WhatsApp sends in which consent is part of the send path.

The rooms, in the order a message meets them. A room may look down this list, never up:

    main, worker, cli     the doors: HTTP, queue, operator
    duties                what is due, and when
    subjects              what a person may ask of us: export, erasure, answers in time
    retention             what has to go, and when
    evidence              what an auditor may ask: chain, checkpoints, receipts, proof
    inbound               what WhatsApp tells us: verify, keep raw, settle, hear a STOP, answer
    dispatch              a batch's whole life; `flow/` reads from top to bottom
    optins                asking for consent in the chat that the person began
    consents              may we: ledger, current state, the gate
    notices, templates    the words: what the person was told, what we say
    people                who a number belongs to
    purposes, senders     the reason, and the number we write from
    registers             what is written down about the processing itself
    terms                 what the tenant agreed to
    tenants               who is asking: keys, scopes, transactions
    audit                 what administrators did
    runtime, settings     what is open
    whatsapp              the wire
    kit                   the ground: no word of the domain here

`sandbox` stands outside: a pretend WhatsApp, its own program.
"""
