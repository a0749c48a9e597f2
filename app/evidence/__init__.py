"""Evidence: what an auditor may ask of us, and how it is proved.

Every line of the consent ledger, every administrative act, and every decision about a message is sealed: at most
seconds after its commit it is part of the tenant's chain of links, and soon after of a signed checkpoint. Nobody who
writes waits for that. Owns `seal_queue`, `chain_links`, `chain_nodes`, `decision_roots`, `checkpoints`. Shows the
sealer (for the worker), receipts, the export, and the examination of both, which needs no database.
"""
