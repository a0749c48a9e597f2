-- What the person was told: immutable published versions. A material change makes what rests on the earlier
-- versions stale after its grace date; that date is kept beside the version, which itself never changes.

CREATE TABLE notices (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, name)
);
SELECT guard_tenant_rows('notices');

CREATE TABLE notice_versions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    notice_id uuid NOT NULL REFERENCES notices,
    version int NOT NULL,
    language text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    sha256 bytea NOT NULL,
    purpose_ids smallint[] NOT NULL,
    change_kind text NOT NULL CHECK (change_kind IN ('first', 'editorial', 'material')),
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (notice_id, version)
);
SELECT guard_tenant_rows('notice_versions');
SELECT make_append_only('notice_versions');

CREATE TABLE notice_staleness (
    tenant_id uuid NOT NULL,
    notice_version_id uuid NOT NULL REFERENCES notice_versions,
    stale_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, notice_version_id)
);
SELECT guard_tenant_rows('notice_staleness');

CREATE VIEW notice_versions_v1 WITH (security_invoker = true) AS
SELECT id, tenant_id, notice_id, version, language, sha256, purpose_ids, published_at FROM notice_versions;
CREATE VIEW notice_staleness_v1 WITH (security_invoker = true) AS
SELECT tenant_id, notice_version_id, stale_at FROM notice_staleness;

GRANT SELECT, INSERT ON notices, notice_versions TO toplu_api;
GRANT SELECT, INSERT, UPDATE ON notice_staleness TO toplu_api;
GRANT SELECT ON notices, notice_versions, notice_staleness TO toplu_worker;
GRANT SELECT ON notice_versions_v1, notice_staleness_v1 TO toplu_api, toplu_worker;
