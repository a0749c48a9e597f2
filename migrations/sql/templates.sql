-- In which words: message templates as approved by Meta, each bound to the purposes it may carry.

CREATE TABLE templates (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text NOT NULL CHECK (name ~ '^[a-z0-9_]+$' AND length(name) <= 512),
    language text NOT NULL CHECK (language ~ '^[a-z]{2,3}(_[A-Z]{2,3})?$'),
    category text NOT NULL CHECK (category IN ('marketing', 'utility', 'authentication')),
    status text NOT NULL CHECK (status IN ('approved', 'pending', 'rejected', 'paused', 'disabled', 'needs_review')),
    parameter_format text NOT NULL CHECK (parameter_format IN ('positional', 'named')),
    body text NOT NULL,
    variables text[] NOT NULL,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (tenant_id, name, language)
);
SELECT guard_tenant_rows('templates');

CREATE TABLE template_purposes (
    tenant_id uuid NOT NULL,
    template_id uuid NOT NULL REFERENCES templates ON DELETE CASCADE,
    purpose_id smallint NOT NULL REFERENCES purposes,
    PRIMARY KEY (template_id, purpose_id)
);
SELECT guard_tenant_rows('template_purposes');

CREATE VIEW templates_v1 WITH (security_invoker = true) AS
SELECT t.id, t.tenant_id, t.name, t.language, t.category, t.status, t.parameter_format, t.variables, t.version,
       ARRAY(SELECT b.purpose_id FROM template_purposes AS b WHERE b.template_id = t.id ORDER BY 1) AS purpose_ids
  FROM templates AS t;

GRANT SELECT, INSERT, UPDATE ON templates TO toplu_api;
GRANT SELECT, INSERT, DELETE ON template_purposes TO toplu_api;
GRANT SELECT, UPDATE ON templates TO toplu_worker;
GRANT SELECT ON template_purposes TO toplu_worker;
GRANT SELECT ON templates_v1 TO toplu_api, toplu_worker;
